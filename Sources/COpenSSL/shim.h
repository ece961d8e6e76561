// OpenSSL's libcrypto for Swift. Macros that Swift cannot see get a wrapper here.
#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
