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
mv $tools/python/cloudrail/terraform_0_15/terraform $tools/terraform
chmod +x $tools/terraform
cp $wanted $tools/tools.txt
