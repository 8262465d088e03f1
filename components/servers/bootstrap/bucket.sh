#!/bin/sh
# Makes sure that a bucket exists at an S3-compatible server.
#
# Afterwards BUCKET exists and the given keys reach it. A second run changes nothing.
#
# Settings (environment): AWS_ENDPOINT_URL_S3, BUCKET; optional AWS_DEFAULT_REGION (us-east-1),
# AWS_CA_BUNDLE, WAIT_SECONDS (120), SECRETS_DIR, TMPDIR (/tmp; one small file is written there).
# Secrets (files): $SECRETS_DIR/master/username (access key), master/password (secret key).
set -eu
export LC_ALL=C

fail() {
  printf 'bucket bootstrap: %s\n' "$1" >&2
  exit 1
}

one_line() {
  printf '%s' "$1" | tr -s '\n\t ' '   ' | sed 's/^ //'
}

secret() { # FILE
  [ -r "$1" ] || fail "cannot read $1; mount the Secret that holds it there."
  value=$(cat "$1")
  [ -n "$value" ] || fail "$1 is empty; put the value into the Secret."
  printf '%s' "$value"
}

bucket=${BUCKET:-}
endpoint=${AWS_ENDPOINT_URL_S3:-}
region=${AWS_DEFAULT_REGION:-us-east-1}
wait_seconds=${WAIT_SECONDS:-120}
secrets=${SECRETS_DIR:-/var/run/secrets/nexus}
# The client would read a file for a name such as file:///etc/passwd.
printf '%s\n' "$bucket" | grep -Eqx '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]' ||
  fail "BUCKET \"$bucket\" is no bucket name; use 3 to 63 of a-z, 0-9, dot and hyphen."
case $bucket in
  *"
"*) fail "BUCKET holds more than one line; use one name." ;;
esac
case $endpoint in
  http://?* | https://?*) ;;
  *) fail "AWS_ENDPOINT_URL_S3 \"$endpoint\" is no URL; write https://HOST:PORT." ;;
esac
case $wait_seconds in
  '' | *[!0-9]*) fail "WAIT_SECONDS is \"$wait_seconds\"; write a whole number of seconds." ;;
esac
access_key=$(secret "$secrets/master/username")
secret_key=$(secret "$secrets/master/password")

# Bucket names in the path: in front of a host name in a cluster they would not resolve. There is
# no environment variable for this.
settings=$(mktemp "${TMPDIR:-/tmp}/nexus-aws.XXXXXX") || fail "cannot write to ${TMPDIR:-/tmp}."
trap 'rm -f "$settings"' EXIT
printf '[default]\ns3 =\n    addressing_style = path\n' >"$settings"

s3() { # COMMAND [option…]
  command=$1
  shift
  # One attempt, because the loop below is what repeats. The newest checksums are asked for only
  # where S3 itself demands them: other servers do not know them all.
  AWS_ACCESS_KEY_ID=$access_key AWS_SECRET_ACCESS_KEY=$secret_key AWS_DEFAULT_REGION=$region \
    AWS_CONFIG_FILE=$settings AWS_SHARED_CREDENTIALS_FILE=/dev/null \
    AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWS_MAX_ATTEMPTS=1 \
    AWS_REQUEST_CHECKSUM_CALCULATION=when_required \
    AWS_RESPONSE_CHECKSUM_VALIDATION=when_required \
    aws s3api "$command" --bucket "$bucket" --endpoint-url "$endpoint" \
    --cli-connect-timeout 5 --cli-read-timeout 10 "$@" 2>&1
}

create() {
  if [ "$region" = us-east-1 ]; then # S3 refuses to be told its default.
    s3 create-bucket
  else
    s3 create-bucket --create-bucket-configuration "LocationConstraint=$region"
  fi
}

command -v aws >/dev/null || fail "there is no aws command; run this in the amazon/aws-cli image."
unset AWS_PROFILE AWS_SESSION_TOKEN
deadline=$(($(date +%s) + wait_seconds))
change='no change'
until problem=$(s3 head-bucket); do
  case $problem in
    *'(404)'*)
      if [ "$change" != created ] && problem=$(create); then
        change=created
        continue
      fi
      ;;
  esac
  problem=$(one_line "$problem")
  case $problem in # Waiting mends these no more than the other answers that start with a 4.
    *'(404)'* | *'(BucketAlreadyOwnedByYou)'* | *'(OperationAborted)'* | *'(429)'*) ;;
    *'(403)'* | *'(AccessDenied)'* | *'(InvalidAccessKeyId)'* | *'(SignatureDoesNotMatch)'*)
      fail "$endpoint refuses the access key, or \"$bucket\" is somebody else's: $problem" ;;
    *'An error occurred (4'* | *'An error occurred (301)'* | *'(BucketAlreadyExists)'* | \
      *'(Invalid'* | *'(IllegalLocationConstraintException)'* | *'(MethodNotAllowed)'*)
      fail "bucket \"$bucket\" cannot be made at $endpoint: $problem" ;;
    *'certificate verify failed'*)
      fail "the certificate of $endpoint is not trusted; set AWS_CA_BUNDLE: $problem" ;;
  esac
  [ "$(date +%s)" -le "$deadline" ] ||
    fail "$endpoint did not give bucket \"$bucket\" within $wait_seconds s: $problem"
  sleep 1
done
printf 'bucket bootstrap: bucket "%s" is ready: %s.\n' "$bucket" "$change"
