#!/bin/bash
# Compares the NBD server of qsd4j with that of QEMU's storage daemon on one Unix socket each, cell by cell: nbdcopy of a
# whole image out of and into a raw and a qcow2 export, 4k random reads and writes by fio, depth 1 and 32, 1 and 4
# connections, and writes one after the other that have to be on stable storage (FUA). Both daemons are up at the same
# time, on images of the same contents, and take turns in every cell; a cell's figure is the median of its rounds (MiB/s
# for nbdcopy, IOPS for the rest).
#
# usage: tests/bench/nbd.sh [raw|qcow2]...          (default: both)
#   ROUNDS=3  SECONDS_EACH=2  WARM_UP=10 (seconds for our JVM)  SIZE=1024 (MiB)
#   QSD4J_REAL_BIN=DIR   the real daemon and qemu-img (default /opt/qemu-sid-bin)
#   DEPTHS="1 32" JOBS="1 4" PATTERNS="randread randwrite" COPIES="out in"  FUA=200 (writes)
#   TLS=1 (under TLS with a shared key; without fio's cells, since it has no way to name the key)
set -u
home=$(cd "$(dirname "$0")/../.." && pwd)
real=${QSD4J_REAL_BIN:-/opt/qemu-sid-bin}
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-2} warm_up=${WARM_UP:-10} size=${SIZE:-1024}
programs=("$real/qemu-storage-daemon" "$home/bin/qemu-storage-daemon")

fail() { echo "nbd.sh: $*" >&2; exit 1; }
for tool in fio nbdcopy nbdsh "$real/qemu-img" "${programs[0]}"; do
    command -v "$tool" > /dev/null || fail "$tool is missing"
done

dir=$(mktemp -d) || exit 1
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null; done
    wait
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
credentials=()
if [ -n "${TLS:-}" ]; then
    echo "bench:$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" > "$dir/keys.psk"
    PATTERNS=
    credentials=(--object "tls-creds-psk,id=tls,endpoint=server,dir=$dir")
fi

# start INDEX FORMAT: a daemon with its own copy of the image
start() {
    local i
    cp --sparse=never "$dir/image.$2" "$dir/image.$2.$1"
    "${programs[$1]}" \
        --blockdev "driver=$2,node-name=node,file.driver=file,file.filename=$dir/image.$2.$1" \
        "${credentials[@]}" \
        --nbd-server "addr.type=unix,addr.path=$dir/socket.$1${credentials:+,tls-creds=tls}" \
        --export nbd,id=e,node-name=node,name=e,writable=on &
    pids[$1]=$!
    for ((i = 0; i < 600; i++)); do
        nbdinfo --size "$(uri "$1")" > /dev/null 2>&1 && return 0
        sleep 0.1
    done
    fail "${programs[$1]} does not come up"
}

uri() {
    if [ -n "${TLS:-}" ]; then
        echo "nbds+unix://bench@/e?socket=$dir/socket.$1&tls-psk-file=$dir/keys.psk"
    else
        echo "nbd+unix:///e?socket=$dir/socket.$1"
    fi
}

# copy INDEX out|in: prints MiB/s
copy() {
    local from to begin end
    if [ "$2" = out ]; then from=$(uri "$1") to=null:; else from=$dir/image.raw to=$(uri "$1"); fi
    begin=$(date +%s%N)
    nbdcopy "$from" "$to" || fail "nbdcopy fails"
    end=$(date +%s%N)
    echo $((size * 1000000000 / (end - begin)))
}

# random INDEX PATTERN DEPTH JOBS SECONDS: prints IOPS
random() {
    fio --name=cell --ioengine=nbd --uri="$(uri "$1")" --rw="$2" --bs=4k --iodepth="$3" --numjobs="$4" --runtime="$5" \
        --time_based --ramp_time=0.5 --size="${size}m" --group_reporting --minimal \
        | awk -F';' '/^[0-9]/ { printf "%.0f\n", $8 + $49; exit }'
}

# durable INDEX WRITES: prints IOPS
durable() {
    PATH=/usr/bin:$PATH nbdsh -c "
import time
h.set_uri_allow_local_file(True)
h.connect_uri('$(uri "$1")')
begin = time.monotonic()
for i in range($2):
    h.pwrite(b'x' * 4096, i * 4096, nbd.CMD_FLAG_FUA)
print(int($2 / (time.monotonic() - begin)))"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# cell NAME COMMAND ARGUMENTS...: the command gets the daemon's index as its first argument
cell() {
    local name=$1 command=$2 round index result=()
    shift 2
    for ((round = 0; round < rounds; round++)); do
        for index in 0 1; do "$command" "$index" "$@" >> "$dir/results.$index"; done
    done
    for index in 0 1; do
        result[index]=$(median < "$dir/results.$index")
        rm "$dir/results.$index"
    done
    printf '%-26s %10s %10s ' "$name" "${result[0]}" "${result[1]}"
    awk -v r="${result[0]}" -v o="${result[1]}" -v ratios="$dir/ratios" \
        'BEGIN { printf "%6.2f\n", o / r; print o / r >> ratios }'
}

head -c "$((size << 20))" /dev/urandom > "$dir/image.raw"
"$real/qemu-img" convert -f raw -O qcow2 "$dir/image.raw" "$dir/image.qcow2"
printf '%-26s %10s %10s %6s\n' cell qemu qsd4j ratio
for format in ${*:-raw qcow2}; do
    for index in 0 1; do start "$index" "$format"; done
    for pattern in ${PATTERNS-randread randwrite}; do random 1 "$pattern" 32 1 $((warm_up / 2)) > /dev/null; done
    for way in out out in in; do copy 1 "$way" > /dev/null; done
    for way in ${COPIES-out in}; do cell "$format nbdcopy $way" copy "$way"; done
    for pattern in ${PATTERNS-randread randwrite}; do
        for depth in ${DEPTHS:-1 32}; do
            for jobs in ${JOBS:-1 4}; do
                cell "$format $pattern depth $depth x$jobs" random "$pattern" "$depth" "$jobs" "$seconds"
            done
        done
    done
    cell "$format FUA writes" durable "${FUA:-200}"
    for pid in "${pids[@]}"; do kill "$pid"; done
    wait "${pids[@]}"
    pids=()
done
awk '{ sum += log($1); n++ } END { printf "geometric mean of %d cells: %.2f\n", n, exp(sum / n) }' "$dir/ratios"
