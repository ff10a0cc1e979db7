#!/usr/bin/env bash
# A throw-away authority and what it signs, in FOLDER:
#
#   certificates.sh FOLDER
#
# ca.crt; server.crt and .key for localhost and 127.0.0.1; elsewhere.crt for another host;
# client.crt; and other-ca.crt, an authority that signed none of them.
set -eu
cd "$1"

authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

# sign NAME SUBJECT-ALTERNATIVE-NAMES
sign()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
		-keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf 'subjectAltName=%s\n' "$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
		-extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

authority ca
authority other-ca
sign server DNS:localhost,IP:127.0.0.1
sign elsewhere DNS:elsewhere.example
sign client DNS:client
