# The function for those who have Docker: the same static bootstrap as `make package`, for x86-64 or arm64.
#
#   docker build -t comfy-lambda .                                     a Lambda container image
#   docker build --target zip --output .build/lambda .                 function.zip
#
# with --platform linux/amd64 or linux/arm64, and --build-arg COMFY_LAMBDA_COMMIT="$(git rev-parse HEAD)" for --version.
# docs/deploy.md has the steps to AWS.

FROM swift:6.3.1-bookworm AS build
# Not pinned: a fix of a library must come in with the next build, and `bootstrap --version` says what was linked. The
# lists stay, because the scripts ask them which versions there are.
# hadolint ignore=DL3008,DL3009
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        advancecomp binutils ca-certificates dpkg-dev libc-ares-dev libcurl4-openssl-dev libexpat1-dev libssl-dev \
        make pkg-config zip zlib1g-dev
WORKDIR /source
# libcurl first: it changes least.
COPY dev/static-curl.sh dev/
RUN dev/static-curl.sh
COPY . .
ARG COMFY_LAMBDA_COMMIT=""
RUN dev/package.sh

FROM scratch AS zip
COPY --from=build /source/.build/lambda/function.zip /

FROM public.ecr.aws/lambda/provided:al2023
COPY --from=build /source/.build/lambda/bootstrap /var/runtime/bootstrap
# The handler; a function's ImageConfig.Command names another: stream, dispatch, notify, sweep.
CMD ["api"]
