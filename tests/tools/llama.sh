#!/usr/bin/env bash
# llama.sh FOLDER: unpacks llama-server below FOLDER and prints the path of a program that runs it, for `make bench` and
#   LLAMA_SERVER=$(bash tests/tools/llama.sh ~/.cache/fimble-dev/llama) python -m bench http
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
bash "$(dirname "$0")/debian.sh" forky "$folder" llama.cpp-tools

libraries=$(dirname "$(find "$folder/usr/lib" -mindepth 2 -maxdepth 2 -name libc.so.6)")
loader=$(find "$libraries" -maxdepth 1 -name 'ld-linux-*.so.*' | head -1)

# it looks for them below /usr, where they are not: the best one that this machine can run
kernels() {
  if grep -qw avx512_vnni /proc/cpuinfo; then echo icelake
  elif grep -qw avx2 /proc/cpuinfo; then echo haswell
  else echo x64; fi
}

cat > "$folder/llama-server" <<SH
#!/bin/sh
export GGML_BACKEND_PATH=$(find "$libraries/ggml" -name "libggml-cpu-$(kernels).so")
exec "$loader" --library-path "$libraries:$libraries/llama:$libraries/blas:$libraries/lapack" "$folder/usr/bin/llama-server" "\$@"
SH
chmod +x "$folder/llama-server"
echo "$folder/llama-server"
