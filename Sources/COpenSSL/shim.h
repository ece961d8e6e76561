// OpenSSL's libcrypto for Swift. Macros that Swift cannot see get a wrapper here.
#pragma once
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

// Parameters point at their names, which in Swift are temporary strings.
static inline int comfy_openssl_mac_init(EVP_MAC_CTX *context, const unsigned char *key, size_t length,
                                         const char *digest) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(context, key, length, parameters);
}

// Deprecated because OpenSSL loads them by itself, which is what was put off. ERR's own are the names of the libraries.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static inline void comfy_openssl_load_error_texts(void) {
    ERR_load_ERR_strings();
    ERR_load_CRYPTO_strings();
    ERR_load_BIO_strings();
    ERR_load_ASN1_strings();
    ERR_load_PEM_strings();
    ERR_load_X509_strings();
    ERR_load_X509V3_strings();
    ERR_load_EVP_strings();
    ERR_load_RSA_strings();
    ERR_load_EC_strings();
    ERR_load_DH_strings();
    ERR_load_RAND_strings();
}
#pragma clang diagnostic pop
