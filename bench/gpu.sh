#!/usr/bin/env bash
# Takes the benchmark to a Linux machine (x64, glibc) that has a graphics card and nothing else: no network, no
# Node.js, no Vulkan loader.
#
#     bash bench/gpu.sh pack genal-bench.tar.xz          here, after npm ci
#     tar xf genal-bench.tar.xz                          there
#     ./genal-bench/run.sh [flags of `npm run bench -- steps`]
#
# Prints the table of bench/README.md for WebGPU, beside PyTorch if python3 there has torch with CUDA.
#
#     NODE_BINARY=PATH   the Node.js to pack, if not the one that runs here
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit 1
}

# A library as it lies here, else out of its Debian package.
library() { # file package
  local found
  # Read to the end: a writer whose reader leaves early fails, and the script with it.
  found=$(ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ && !n++ { print $NF }')
  if [[ -z $found ]]; then
    (cd "$work" && apt-get download -qq "$2" && dpkg-deb -x "$2"_*.deb "$2")
    found=$(find "$work/$2" -name "$1" -print -quit)
  fi
  cp -L "$found" "$root/lib/$1"
}

# A package of node_modules as one file, its dependencies in it but for TensorFlow.js, of which there must be one.
bundle() { # package
  local target=$root/node_modules/$1
  mkdir -p "$target"
  node_modules/.bin/esbuild "$1" --bundle --platform=node --format=cjs '--external:@tensorflow/*' \
    --log-level=error --outfile="$target/index.js"
  node -p "const { name, version } = require('$1/package.json');
    JSON.stringify({ name, version, main: 'index.js' })" >"$target/package.json"
}

pack() { # archive
  [[ "$(uname -sm)" == 'Linux x86_64' ]] || { echo 'bench/gpu.sh: packs on Linux x64 only' >&2; exit 1; }
  local archive
  archive=$(realpath -m "$1")
  mkdir -p "$(dirname "$archive")"
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/genal-bench
  mkdir -p "$root/lib" "$root/bench"

  node_modules/.bin/esbuild bench/bench.ts --bundle --platform=node --format=esm '--external:@tensorflow/*' \
    '--external:sharp' --log-level=error --outfile="$root/bench/bench.js"
  echo '{ "type": "module" }' >"$root/package.json"
  mkdir "$root/bench/peers" && cp bench/peers/*.py "$root/bench/peers"
  local name
  for name in tfjs tfjs-core tfjs-converter tfjs-data tfjs-layers \
    tfjs-backend-cpu tfjs-backend-wasm tfjs-backend-webgl tfjs-backend-webgpu; do
    bundle "@tensorflow/$name"
  done
  mkdir "$root/node_modules/@tensorflow/tfjs-backend-wasm/dist"
  cp node_modules/@tensorflow/tfjs-backend-wasm/dist/*.wasm "$root/node_modules/@tensorflow/tfjs-backend-wasm/dist"
  local dawn=node_modules/webgpu
  mkdir -p "$root/$dawn/dist"
  cp "$dawn"/{package.json,index.js,LICENSE.md} "$root/$dawn"
  cp -r "$dawn/dist/linux-x64" "$root/$dawn/dist"

  strip -o "$root/node" "${NODE_BINARY:-$(node -p process.execPath)}"
  # The loader, and what NVIDIA's driver wants even without a screen.
  library libvulkan.so.1 libvulkan1
  library libX11.so.6 libx11-6
  library libXext.so.6 libxext6
  library libxcb.so.1 libxcb1
  library libXau.so.6 libxau6
  library libXdmcp.so.6 libxdmcp6
  library libbsd.so.0 libbsd0
  library libmd.so.0 libmd0

  sed '1,/^# --- run.sh ---$/d' bench/gpu.sh >"$root/run.sh"
  chmod +x "$root/run.sh"
  tar -C "$work" -c genal-bench | xz -T0 -6 >"$archive"
  echo "$archive: $(($(stat -c %s "$archive") / 1000000)) MB"
}

[[ $# == 2 && $1 == pack ]] || usage
pack "$2"
exit

# --- run.sh ---
#!/usr/bin/env bash
# ./genal-bench/run.sh [--size tiny] [--rounds N] [--case A,B] [--json FILE]
# VK_DRIVER_FILES names another Vulkan driver than NVIDIA's; PYTHON another interpreter that may have torch.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/sbin:/sbin

# Only what is missing: the driver was built for this machine's own libraries.
extra=$(mktemp -d)
trap 'rm -rf "$extra"' EXIT
known=$(ldconfig -p)
for library in "$here"/lib/*; do
  [[ $known == *"$(basename "$library") "* ]] || ln -s "$library" "$extra"
done
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$extra
for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
  [[ -d $folder ]] && LD_LIBRARY_PATH+=:$folder
done

if [[ -z ${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-} ]]; then
  for folder in /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local/nvidia/share/vulkan/icd.d; do
    for file in "$folder"/nvidia*.json; do
      [[ -f $file ]] && export VK_DRIVER_FILES=$file && break 2
    done
  done
fi

python=${PYTHON:-python3}
peer=()
if "$python" -c 'import torch; torch.zeros(1, device="cuda")' 2>"$extra/torch"; then
  peer=(--peer pytorch --python "$python")
else
  echo "no PyTorch with CUDA beside it: $(tail -n 1 "$extra/torch")"
fi
# Of a flag given twice the last counts, so that the caller's cases win.
cases=dcgan-28,dcgan-28-512,dcgan-32,dcgan-32-512,wgan-gp-critic,vae-500-50,m2-500-50,latent-search,classifier,pool-scoring
"$here/node" "$here/bench/bench.js" steps --backend webgpu --case "$cases" "${peer[@]}" "$@"
