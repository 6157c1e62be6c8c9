"""Makes a diffusers pipeline smaller: prune.py PIPELINE PICTURES [URL]. A folder or a name on the Hub; an archive of pictures; the server."""
import shutil, sys, tarfile, time
import diffusers, requests

source, pictures, url = (sys.argv[1:] + ["http://127.0.0.1:8080"])[:3]
diffusers.DDPMPipeline.from_pretrained(source).save_pretrained("original")
shutil.make_archive("original", "tar", "original")

def ask(method, path, **what):
    answer = requests.request(method, url + path, **what)
    return answer if answer.ok else sys.exit(answer.text)

checkpoint = ask("POST", "/v1/checkpoints", data=open("original.tar", "rb")).json()["id"]
dataset = ask("POST", "/v1/datasets", data=open(pictures, "rb")).json()["id"]
job = ask("POST", "/v1/jobs", json={
    "checkpoint": checkpoint, "dataset": dataset, "pruning": {"ratio": 0.3},
    "finetuning": {"steps": 300}}).json()
while job["status"] in ("queued", "running", "paused"):
    time.sleep(1)
    job = ask("GET", job["urls"]["self"]).json()
if job["error"]: sys.exit(job["error"]["detail"])
content = ask("GET", f"/v1/checkpoints/{job['result']['checkpoint']}/content", stream=True)
tarfile.open(fileobj=content.raw, mode="r|").extractall("pruned", filter="data")
diffusers.DDPMPipeline.from_pretrained("pruned")(num_inference_steps=100).images[0].save("sample.png")
