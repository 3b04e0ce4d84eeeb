#!/bin/sh
# Makes the certificates in this directory anew, with openssl. They are good from 2020 to 2120 and for nothing but tests:
# the keys are public.
set -e
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT

START=20200101000000Z
END=21200101000000Z
: > "$tmp/index.txt"
cat > "$tmp/conf" <<EOF
[ca]
default_ca = x
[x]
database = $tmp/index.txt
new_certs_dir = $tmp
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
EOF

key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }

# sign FILE KEY SUBJECT EXTENSIONS END OPTION...
sign() {
    file=$1; key=$2; subject=$3; end=$5
    printf '%b' "$4" > "$tmp/ext"
    shift 5
    openssl req -new -key "$key" -subj "$subject" -out "$tmp/csr"
    openssl ca -batch -config "$tmp/conf" -in "$tmp/csr" -notext -extfile "$tmp/ext" -startdate $START -enddate "$end" \
        -out "$file" "$@"
}

# authority NAME EXTENSIONS: a certificate that signs itself, with its key in $tmp
authority() {
    key "$tmp/$1.key"
    sign "$1.pem" "$tmp/$1.key" "/CN=Test CA" "$2" $END -selfsign -keyfile "$tmp/$1.key"
}

# certificate FILE KEY SUBJECT EXTENSIONS [END]: signed by ca-cert
certificate() {
    sign "$1" "$2" "$3" "$4" "${5:-$END}" -cert ca-cert.pem -keyfile "$tmp/ca-cert.key"
}

AUTHORITY='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n'
LEAF='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
NAMES='subjectAltName=DNS:localhost,IP:127.0.0.1\n'
authority ca-cert "$AUTHORITY"
authority other-ca-cert "$AUTHORITY"
sign no-ca-cert.pem "$tmp/ca-cert.key" "/CN=Test CA" 'basicConstraints=critical,CA:FALSE\n' $END -selfsign \
    -keyfile "$tmp/ca-cert.key"
key server-key.pem
key client-key.pem
openssl pkcs8 -topk8 -in server-key.pem -passout pass:123456 -out encrypted-key.pem
certificate server-cert.pem server-key.pem /O=Check/CN=localhost "$LEAF$NAMES"
certificate client-cert.pem client-key.pem "/C=FR/O=Check/CN=client one" "$LEAF"
certificate expired-cert.pem server-key.pem /O=Check/CN=localhost "$LEAF$NAMES" 20210101000000Z
certificate authority-cert.pem server-key.pem /O=Check/CN=localhost "$AUTHORITY"
certificate client-only-cert.pem server-key.pem /O=Check/CN=localhost "${LEAF}extendedKeyUsage=critical,clientAuth\n"
certificate no-signing-cert.pem server-key.pem /O=Check/CN=localhost 'keyUsage=critical,keyAgreement\n'
openssl ca -config "$tmp/conf" -cert ca-cert.pem -keyfile "$tmp/ca-cert.key" -revoke client-cert.pem
openssl ca -config "$tmp/conf" -cert ca-cert.pem -keyfile "$tmp/ca-cert.key" -gencrl -crl_lastupdate $START \
    -crl_nextupdate $END -out revoked-crl.pem
