#!/bin/bash
# qcow2 images through FUSE, beside the real daemon: IOPS of each in turns, and their ratio. As root.
#
# usage: tests/bench/qcow2.sh [-s SECONDS] [-r ROUNDS] [-o PATTERN]
#   -s   seconds of one measurement (default 3)
#   -r   rounds; the best of each contender counts (default 3)
#   -o   only cells whose name matches the (extended) regular expression
# QSD4J_REAL_BIN is where the real tools are (default /opt/qemu-sid-bin). A cell is
# IMAGE REQUEST depth DEPTH jobs JOBS iothreads N; every cell has a fresh image.
set -eu
seconds=3 rounds=3 only=.
while getopts s:r:o: option; do
    case $option in
        s) seconds=$OPTARG ;;
        r) rounds=$OPTARG ;;
        o) only=$OPTARG ;;
        *) exit 2 ;;
    esac
done
home=$(cd "$(dirname "$0")/../.." && pwd)
real=${QSD4J_REAL_BIN:-/opt/qemu-sid-bin}
work=$(mktemp -d)
pid=
size=256M

stop() {
    [ -z "$pid" ] || { kill "$pid" && wait "$pid" || :; }
    pid=
}
trap 'stop; rm -rf "$work"' EXIT
cd "$work"

prepare() {
    case $1 in
        full) "$real/qemu-img" create -q -f qcow2 full.src $size && "$real/qemu-io" -c "write -q -P 7 0 $size" full.src ;;
        empty) "$real/qemu-img" create -q -f qcow2 empty.src $size ;;
        overlay)
            "$real/qemu-img" create -q -f raw base.raw $size
            "$real/qemu-io" -f raw -c "write -q -P 7 0 $size" base.raw
            "$real/qemu-img" create -q -f qcow2 -b base.raw -F raw overlay.src
            ;;
        compressed)
            yes "a line that gets smaller" | head -c $size >source.raw
            "$real/qemu-img" convert -c -O qcow2 -f raw source.raw compressed.src
            ;;
    esac
}

# Prints the IOPS of one run.
measure() { # PROGRAM IMAGE REQUEST BLOCK DEPTH JOBS IOTHREADS
    local objects="" threads=""
    for i in $(seq "$7"); do
        objects="$objects --object iothread,id=t$i"
        threads="$threads,iothread.$((i - 1))=t$i"
    done
    cp "$2.src" image
    : >mount
    # shellcheck disable=SC2086
    "$1" $objects --blockdev qcow2,node-name=q,file.driver=file,file.filename=image \
        --export "fuse,id=e,node-name=q,mountpoint=mount,writable=on$threads" --pidfile pid 2>>errors &
    pid=$!
    for _ in $(seq 300); do
        [ -s pid ] && break
        sleep 0.1
    done
    fio --name=cell --filename=mount --rw="$3" --bs="$4" --iodepth="$5" --numjobs="$6" --ioengine=libaio --direct=1 \
        --size=$size --time_based --runtime="$seconds" --ramp_time=1 --group_reporting --output-format=terse 2>>errors |
        awk -F';' '{ print int($8 + $49) }'
    stop
    rm -f pid
}

best() { sort -n | tail -n 1; }

printf '%-58s %10s %10s %7s\n' cell ours real ratio
for image in full empty overlay compressed; do
    prepared=
    for request in randread randwrite read write; do
        case $image-$request in empty-*read | compressed-*write) continue ;; esac
        case $request in rand*) block=4k ;; *) block=256k ;; esac
        for depth in 1 16; do for jobs in 1 4; do for iothreads in 1 2; do
            name="$image $request $block depth $depth jobs $jobs iothreads $iothreads"
            [[ $name =~ $only ]] || continue
            [ -n "$prepared" ] || prepare $image
            prepared=1
            : >ours.iops
            : >real.iops
            for _ in $(seq "$rounds"); do
                measure "$home/bin/qemu-storage-daemon" $image $request $block $depth $jobs $iothreads >>ours.iops
                measure "$real/qemu-storage-daemon" $image $request $block $depth $jobs $iothreads >>real.iops
            done
            ours=$(best <ours.iops) theirs=$(best <real.iops)
            printf '%-58s %10s %10s %7s\n' "$name" "$ours" "$theirs" \
                "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }')"
        done; done; done
    done
    rm -f ./*.src base.raw source.raw
done
