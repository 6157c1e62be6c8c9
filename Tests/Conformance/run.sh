#!/bin/bash
# Starts the server on a temporary folder, uploads through tuspy with a cut and a kill in the middle, and holds every answer against
# /openapi.json by schemathesis. CONFORMANCE_VENV names the virtual environment, made where it is missing.
#   Tests/Conformance/run.sh [more options for schemathesis run]
set -euo pipefail
cd "$(dirname "$0")/../.."
. Examples/client.sh
. Tests/venv.sh
venv conformance Conformance

"$python" Tests/Conformance/resumable.py .build/release/pruner "$scratch"

start_server .build/release/pruner
PRUNER_CHECKPOINT=$(post '/v1/checkpoints' -T Tests/Fixtures/example/model.tar | jq -r .id)
PRUNER_DATASET=$(post '/v1/datasets' -T Tests/Fixtures/example/pictures.tar.gz | jq -r .id)
PRUNER_JOB=$(post '/v1/jobs' -d "{\"checkpoint\":\"$PRUNER_CHECKPOINT\",\"pruning\":{\"method\":\"magnitude\"}}" | jq -r .id)
export PRUNER_CHECKPOINT PRUNER_DATASET PRUNER_JOB
follow "$PRUNER_JOB" >/dev/null
# Left out: whether valid data is accepted (no schema makes an archive, and no identifier can be guessed), and whether invalid data is
# refused by a status of schemathesis's own choice (tus has 412, and unknown fields of a request are nobody's business).
cd "$scratch" # It keeps what it found in the current folder.
SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$OLDPWD/Tests/Conformance "$(dirname "$python")/schemathesis" run "$base/openapi.json" --no-color --warnings off \
    --checks all --exclude-checks positive_data_acceptance,negative_data_rejection,missing_required_header \
    --max-examples 50 --seed 1 "$@"
cd "$OLDPWD"
if grep -E '^[^ ]+ (error|critical)' "$scratch/log"; then echo "the server's log has errors" >&2; exit 1; fi
echo "2 passed, 0 failed"
