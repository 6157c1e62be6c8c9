# Build: the Swift toolchain and the C libraries' headers.
FROM swift:6.3-bookworm AS build
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends libblas-dev liblapacke-dev libopenblas0-pthread libsqlite3-dev libarchive-dev \
        libcurl4-openssl-dev libssl-dev libspng-dev libturbojpeg0-dev libwebp-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY Benchmarks Benchmarks
RUN swift build -c release --product pruner --static-swift-stdlib \
    && mkdir /installed && cp .build/release/pruner /installed/ \
    && find -L .build/release -maxdepth 1 -name '*.resources' -exec cp -R {} /installed/ \;

# Run: the binary and the C libraries alone, as a user without rights, with one volume for the data.
FROM debian:bookworm-slim
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends libopenblas0-pthread liblapacke libarchive13 libcurl4 libssl3 ca-certificates libspng0 \
        libturbojpeg0 libwebp7 libsqlite3-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin pruner \
    && install -d -o pruner -g pruner /data
COPY --from=build /installed/ /usr/local/bin/
COPY config/server.yaml /etc/pruner/server.yaml
USER pruner
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["pruner"]
# Inside the container the server must accept what Docker forwards. Publish the port on loopback: -p 127.0.0.1:8080:8080
CMD ["serve", "--config", "/etc/pruner/server.yaml", "--host", "0.0.0.0", "--data-dir", "/data", "--allow-anonymous"]
