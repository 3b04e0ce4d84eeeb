#!/bin/bash
# Compares the FUSE export of qsd4j with that of QEMU's storage daemon by fio, cell by cell: null-co and a raw file, 4k
# random and 256k sequential reads and writes, depth 1 and 16, 1 and 4 jobs. All daemons are up at the same time, on
# images of the same contents, and take turns in every cell; a cell's figure is the median of its rounds (IOPS).
#
# usage: tests/bench/fio.sh [null-co|raw]...          (as root; default: both)
#   ROUNDS=3  SECONDS_EACH=2  WARM_UP=10 (seconds for our JVM, a pattern)  SIZE=512 (MiB)
#   IOTHREADS=N          every daemon serves from N iothreads (default 0: no such option); more than 1 need QEMU 11
#   QSD4J_REAL_BIN=DIR   the newest real daemon (default /opt/qemu-sid-bin); the one on PATH is compared with, too
#   DEPTHS="1 16" JOBS="1 4" PATTERNS="randread:4k randwrite:4k read:256k write:256k"
set -u
home=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-2} warm_up=${WARM_UP:-10} size=${SIZE:-512} iothreads=${IOTHREADS:-0}
patterns=${PATTERNS:-randread:4k randwrite:4k read:256k write:256k}

fail() { echo "fio.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "must be root, to mount"
command -v fio > /dev/null || fail "fio is missing (Debian: apt-get install fio)"

names=() programs=()
add_peer() {
    [ -x "$1" ] || { echo "fio.sh: $1 is missing, not compared with" >&2; return; }
    names+=("$("$1" --version | sed -n 's/^qemu-storage-daemon version \([0-9]*\.[0-9]*\).*/\1/p')")
    programs+=("$1")
}
[ "$iothreads" -gt 1 ] || add_peer "$(command -v qemu-storage-daemon || echo qemu-storage-daemon)"
add_peer "${QSD4J_REAL_BIN:-/opt/qemu-sid-bin}/qemu-storage-daemon"
[ ${#names[@]} -gt 0 ] || fail "no qemu-storage-daemon to compare with"
names+=(qsd4j)
programs+=("$home/bin/qemu-storage-daemon")
ours=$((${#names[@]} - 1))

dir=$(mktemp -d) || exit 1
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null; done
    wait
    for mountpoint in "$dir"/mnt.*; do umount "$mountpoint" 2> /dev/null; done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# start INDEX DRIVER: a daemon with its own copy of the image, mounted on $dir/mnt.INDEX
start() {
    local index=$1 driver=$2 blockdev objects=() i export
    : > "$dir/mnt.$index"
    case $driver in
        null-co) blockdev="driver=null-co,node-name=node,size=$((size << 20))" ;;
        raw)
            cp "$dir/image" "$dir/image.$index"
            blockdev="driver=raw,node-name=node,file.driver=file,file.filename=$dir/image.$index" ;;
    esac
    export="fuse,id=e,node-name=node,mountpoint=$dir/mnt.$index,writable=on"
    for ((i = 0; i < iothreads; i++)); do
        objects+=(--object "iothread,id=io$i")
        if [ "$iothreads" = 1 ]; then export="$export,iothread=io0"; else export="$export,iothread.$i=io$i"; fi
    done
    "${programs[$index]}" --blockdev "$blockdev" "${objects[@]}" --export "$export" &
    pids[$index]=$!
    for ((i = 0; i < 600; i++)); do
        ! grep -q " $dir/mnt.$index fuse" /proc/mounts || return 0
        sleep 0.05
    done
    fail "${programs[$index]} does not come up"
}

stop_all() {
    for pid in "${pids[@]}"; do kill "$pid"; done
    wait "${pids[@]}"
    pids=()
}

# run INDEX PATTERN BLOCKSIZE DEPTH JOBS SECONDS: prints IOPS
run() {
    fio --name=cell --filename="$dir/mnt.$1" --rw="$2" --bs="$3" --iodepth="$4" --numjobs="$5" --runtime="$6" \
        --time_based --ramp_time=0.5 --ioengine=libaio --direct=1 --size="${size}m" --group_reporting --minimal \
        | awk -F';' '{ printf "%.0f\n", $8 + $49; exit }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

[ $# -gt 0 ] || set -- null-co raw
head -c "${size}M" /dev/urandom > "$dir/image"
echo "$(date -u +%F), $(nproc) CPUs, Linux $(uname -r), $rounds rounds of $seconds s, iothreads: $iothreads; IOPS, medians"
echo
printf '| driver | pattern | depth | jobs |'; printf ' %s |' "${names[@]}"
for ((i = 0; i < ours; i++)); do printf ' to %s |' "${names[$i]}"; done
printf '\n|---|---|---|---|'; for ((i = 0; i < ours + 1 + ours; i++)); do printf -- '---|'; done; echo

for driver; do
    for ((i = 0; i <= ours; i++)); do start $i "$driver"; done
    for pattern in $patterns; do
        run $ours "${pattern%:*}" "${pattern#*:}" 16 2 "$warm_up" > /dev/null
    done
    for pattern in $patterns; do
        for depth in ${DEPTHS:-1 16}; do
            for jobs in ${JOBS:-1 4}; do
                for ((i = 0; i <= ours; i++)); do : > "$dir/result.$i"; done
                for ((round = 0; round < rounds; round++)); do
                    for ((i = 0; i <= ours; i++)); do
                        run $i "${pattern%:*}" "${pattern#*:}" "$depth" "$jobs" "$seconds" >> "$dir/result.$i"
                    done
                done
                printf '| %s | %s | %s | %s |' "$driver" "${pattern/:/ }" "$depth" "$jobs"
                mine=$(median < "$dir/result.$ours")
                ratios=""
                for ((i = 0; i < ours; i++)); do
                    theirs=$(median < "$dir/result.$i")
                    printf ' %s |' "$theirs"
                    ratio=$(awk -v a="$mine" -v b="$theirs" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 1) }')
                    ratios="$ratios $ratio |"
                    echo "$ratio" >> "$dir/ratios.$i"
                done
                printf ' %s |%s\n' "$mine" "$ratios"
            done
        done
    done
    stop_all
done

echo
for ((i = 0; i < ours; i++)); do
    awk -v name="${names[$i]}" '
        { sum += log($1 > 0 ? $1 : 0.01); if (NR == 1 || $1 < low) low = $1; if ($1 < 1) below++ }
        END { printf "to %s: geometric mean %.2f, lowest %.2f, %d of %d cells below 1.0\n", name, exp(sum / NR), low, below, NR }
    ' "$dir/ratios.$i"
done
