/* SPDX-License-Identifier: MIT */
/*
 * Sources: OpenSSH's PROTOCOL.key (openssh-key-v1), RFC 4251 section 5 (string, mpint), RFC 4253 6.6, RFC
 * 5656 3.1 and RFC 8709 4 (public keys); Dropbear's files are the public key's fields followed by the private
 * ones.
 */
#include "guest/host_key.h"

#include <nettle/eddsa.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "util/base64.h"
#include "util/library.h"
#include "util/random.h"

#define CRYPTO_FUNCTIONS(X)                                                                                  \
    X(EVP_PKEY_CTX_new_id)                                                                                   \
    X(EVP_PKEY_CTX_free)                                                                                     \
    X(EVP_PKEY_keygen_init)                                                                                  \
    X(EVP_PKEY_keygen)                                                                                       \
    X(EVP_PKEY_CTX_set_ec_paramgen_curve_nid)                                                                \
    X(EVP_PKEY_CTX_set_rsa_keygen_bits)                                                                      \
    X(EVP_PKEY_get_bn_param)                                                                                 \
    X(EVP_PKEY_get_octet_string_param)                                                                       \
    X(EVP_PKEY_free)                                                                                         \
    X(BN_num_bits)                                                                                           \
    X(BN_bn2bin)                                                                                             \
    X(BN_clear_free)
AQ_LIBRARY_DECLARE(aq_keys, CRYPTO_FUNCTIONS);
AQ_LIBRARY_DEFINE(aq_keys, CRYPTO_FUNCTIONS, "libssl3", "libcrypto.so.3", "libcrypto.so");

/* Most clones need Ed25519 alone. libcrypto takes five times as long for a process's first as Nettle, which
   is there wherever QEMU is: it links it. */
#define NETTLE_FUNCTIONS(X) X(nettle_ed25519_sha512_public_key)
AQ_LIBRARY_DECLARE(aq_nettle, NETTLE_FUNCTIONS);
AQ_LIBRARY_DEFINE(aq_nettle, NETTLE_FUNCTIONS, "libhogweed6", "libhogweed.so.6", "libhogweed.so");

enum { RSA_BITS = 3072, POINT_MAX = 133, NUMBER_MAX = 1024, LINE = 70, BLOCK = 8 };

enum kind { ED25519, ECDSA, RSA_3072 };

static const struct {
    const char *type, *word;
} kinds[] = {
    [ED25519] = {"ssh-ed25519", "ed25519"},
    [ECDSA] = {"ecdsa-sha2-nistp256", "ecdsa"},
    [RSA_3072] = {"ssh-rsa", "rsa"},
};

#define CURVE "nistp256"

/* A key in its parts: what of it is public, and what more is secret. */
struct parts {
    struct aq_buffer public; /* the blob of RFC 4253: type and fields */
    struct aq_buffer secret; /* as openssh-key-v1 has it: type and all fields */
    struct aq_buffer dropbear;
};

enum { ROOM = 8192 }; /* so that no buffer is moved, which would leave secrets behind */

static void wipe(struct aq_buffer *buffer)
{
    if (buffer->data != NULL)
        explicit_bzero(buffer->data, buffer->capacity);
    aq_buffer_free(buffer);
}

static void parts_free(struct parts *parts)
{
    aq_buffer_free(&parts->public);
    wipe(&parts->secret);
    wipe(&parts->dropbear);
}

/* Takes kind and owner out of the file's name; false when it is none of ours. */
static bool find_kind(const char *path, enum kind *kind, bool *dropbear)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        aq_autofree char *openssh = aq_format("ssh_host_%s_key", kinds[i].word);
        aq_autofree char *other = aq_format("dropbear_%s_host_key", kinds[i].word);
        *kind = (enum kind)i;
        *dropbear = strcmp(name, other) == 0;
        if (*dropbear || strcmp(name, openssh) == 0)
            return true;
    }
    return false;
}

bool aq_host_key_has_public_file(const char *path)
{
    enum kind kind;
    bool dropbear;
    return find_kind(path, &kind, &dropbear) && !dropbear;
}

/* --- writing --- */

static void add32(struct aq_buffer *to, size_t number)
{
    const unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                   (unsigned char)(number >> 8), (unsigned char)number};
    aq_buffer_add(to, bytes, sizeof bytes);
}

static void add_string(struct aq_buffer *to, const void *bytes, size_t length)
{
    add32(to, length);
    aq_buffer_add(to, bytes, length);
}

static void add_text(struct aq_buffer *to, const char *text)
{
    add_string(to, text, strlen(text));
}

/* A number that is not negative: a zero goes before a first bit that is set. */
static void add_number(struct aq_buffer *to, const unsigned char *bytes, size_t length)
{
    bool padded = length > 0 && (bytes[0] & 0x80) != 0;
    add32(to, length + padded);
    if (padded)
        aq_buffer_add_char(to, '\0');
    aq_buffer_add(to, bytes, length);
}

/* --- making --- */

static int fail(struct aq_error *err)
{
    return aq_fail(err, AQ_E_FAILED, "libcrypto cannot make an SSH host key");
}

static void pkey_cleanup(EVP_PKEY **key)
{
    if (*key != NULL)
        aq_keys.EVP_PKEY_free(*key);
}
#define autopkey aq_cleanup(pkey_cleanup)

/* With libcrypto. */
static EVP_PKEY *generate(enum kind kind, struct aq_error *err)
{
    EVP_PKEY *key = NULL;
    if (aq_library_load(&aq_keys_library, err) < 0)
        return NULL;
    EVP_PKEY_CTX *context = aq_keys.EVP_PKEY_CTX_new_id(kind == ECDSA ? EVP_PKEY_EC : EVP_PKEY_RSA, NULL);
    bool ready =
        context != NULL && aq_keys.EVP_PKEY_keygen_init(context) == 1 &&
        (kind == ECDSA ? aq_keys.EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1
                       : aq_keys.EVP_PKEY_CTX_set_rsa_keygen_bits(context, RSA_BITS) == 1);
    if (!ready || aq_keys.EVP_PKEY_keygen(context, &key) != 1) {
        key = NULL;
        fail(err);
    }
    if (context != NULL)
        aq_keys.EVP_PKEY_CTX_free(context);
    return key;
}

/* The secret is any 32 bytes (RFC 8032, 5.1.5). */
static int make_ed25519(struct parts *parts, struct aq_error *err)
{
    uint8_t secret[ED25519_KEY_SIZE + ED25519_KEY_SIZE]; /* the seed, then the public key */
    uint8_t *public = secret + ED25519_KEY_SIZE;
    if (aq_library_load(&aq_nettle_library, err) < 0)
        return -1;
    aq_random_bytes(secret, ED25519_KEY_SIZE);
    aq_nettle.nettle_ed25519_sha512_public_key(public, secret);
    add_string(&parts->public, public, ED25519_KEY_SIZE);
    add_string(&parts->secret, public, ED25519_KEY_SIZE);
    add_string(&parts->secret, secret, sizeof secret);
    add_string(&parts->dropbear, secret, sizeof secret);
    explicit_bzero(secret, sizeof secret);
    return 0;
}

/* One of the key's numbers, for as many as two of the buffers (NULL: none). */
static int add_part(const EVP_PKEY *key, const char *name, struct aq_buffer *first, struct aq_buffer *second,
                    struct aq_error *err)
{
    unsigned char bytes[NUMBER_MAX];
    BIGNUM *number = NULL;
    if (aq_keys.EVP_PKEY_get_bn_param(key, name, &number) != 1)
        return fail(err);
    int done = -1;
    if ((aq_keys.BN_num_bits(number) + 7) / 8 <= (int)sizeof bytes) {
        size_t length = (size_t)aq_keys.BN_bn2bin(number, bytes);
        add_number(first, bytes, length);
        if (second != NULL)
            add_number(second, bytes, length);
        done = 0;
    }
    aq_keys.BN_clear_free(number);
    explicit_bzero(bytes, sizeof bytes);
    return done < 0 ? fail(err) : 0;
}

static int make_ecdsa(struct parts *parts, struct aq_error *err)
{
    autopkey EVP_PKEY *key = generate(ECDSA, err);
    struct aq_buffer *const all[] = {&parts->public, &parts->secret, &parts->dropbear};
    unsigned char point[POINT_MAX];
    size_t length = 0;
    if (key == NULL)
        return -1;
    if (aq_keys.EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length) !=
            1 ||
        length == 0 || point[0] != POINT_CONVERSION_UNCOMPRESSED)
        return fail(err);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        add_text(all[i], CURVE);
        add_string(all[i], point, length);
    }
    return add_part(key, OSSL_PKEY_PARAM_PRIV_KEY, &parts->secret, &parts->dropbear, err);
}

/* The order of the numbers is another in each of the three. */
static int make_rsa(struct parts *parts, struct aq_error *err)
{
    static const struct {
        const char *name;
        int where; /* 0 public, 1 OpenSSH's, 2 Dropbear's */
    } order[] = {{OSSL_PKEY_PARAM_RSA_E, 0},       {OSSL_PKEY_PARAM_RSA_N, 0},
                 {OSSL_PKEY_PARAM_RSA_N, 1},       {OSSL_PKEY_PARAM_RSA_E, 1},
                 {OSSL_PKEY_PARAM_RSA_D, 1},       {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 1},
                 {OSSL_PKEY_PARAM_RSA_FACTOR1, 1}, {OSSL_PKEY_PARAM_RSA_FACTOR2, 1},
                 {OSSL_PKEY_PARAM_RSA_E, 2},       {OSSL_PKEY_PARAM_RSA_N, 2},
                 {OSSL_PKEY_PARAM_RSA_D, 2},       {OSSL_PKEY_PARAM_RSA_FACTOR1, 2},
                 {OSSL_PKEY_PARAM_RSA_FACTOR2, 2}};
    struct aq_buffer *const all[] = {&parts->public, &parts->secret, &parts->dropbear};
    autopkey EVP_PKEY *key = generate(RSA_3072, err);
    if (key == NULL)
        return -1;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (add_part(key, order[i].name, all[order[i].where], NULL, err) < 0)
            return -1;
    return 0;
}

static int make_parts(enum kind kind, struct parts *parts, struct aq_error *err)
{
    static int (*const make[])(struct parts *, struct aq_error *) = {
        [ED25519] = make_ed25519, [ECDSA] = make_ecdsa, [RSA_3072] = make_rsa};
    struct aq_buffer *const all[] = {&parts->public, &parts->secret, &parts->dropbear};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        aq_buffer_room(all[i], ROOM);
        add_text(all[i], kinds[kind].type);
    }
    return make[kind](parts, err);
}

/* --- the files --- */

static void add_base64(struct aq_buffer *to, const struct aq_buffer *bytes, size_t line)
{
    struct aq_buffer text = {0};
    aq_buffer_room(&text, 2 * ROOM);
    aq_base64_encode(aq_buffer_text(bytes), bytes->length, &text);
    for (size_t at = 0; at < text.length; at += line) {
        size_t left = text.length - at;
        aq_buffer_add(to, text.data + at, left < line ? left : line);
        if (line < text.length)
            aq_buffer_add_char(to, '\n');
    }
    wipe(&text);
}

static void write_openssh(const struct parts *parts, struct aq_buffer *file)
{
    static const char magic[] = "openssh-key-v1"; /* its NUL is part of it */
    struct aq_buffer body = {0}, secret = {0};
    uint32_t check;
    aq_buffer_room(&body, 2 * ROOM);
    aq_buffer_room(&secret, 2 * ROOM);
    aq_random_bytes(&check, sizeof check);
    aq_buffer_add(&secret, &check, sizeof check); /* twice the same: there is no passphrase to get it wrong */
    aq_buffer_add(&secret, &check, sizeof check);
    aq_buffer_add(&secret, parts->secret.data, parts->secret.length);
    add_text(&secret, "");
    for (char pad = 1; secret.length % BLOCK != 0; pad++)
        aq_buffer_add_char(&secret, pad);
    aq_buffer_add(&body, magic, sizeof magic);
    add_text(&body, "none");
    add_text(&body, "none");
    add_text(&body, "");
    add32(&body, 1);
    add_string(&body, parts->public.data, parts->public.length);
    add_string(&body, secret.data, secret.length);
    aq_buffer_add_text(file, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    add_base64(file, &body, LINE);
    aq_buffer_add_text(file, "-----END OPENSSH PRIVATE KEY-----\n");
    wipe(&secret);
    wipe(&body);
}

int aq_host_key_make(const char *path, struct aq_buffer *file, struct aq_buffer *line, struct aq_error *err)
{
    aq_cleanup(parts_free) struct parts parts = {0};
    enum kind kind;
    bool dropbear;
    if (!find_kind(path, &kind, &dropbear))
        return 0;
    if (make_parts(kind, &parts, err) < 0)
        return -1;
    aq_buffer_room(file, 2 * ROOM);
    if (dropbear)
        aq_buffer_add(file, parts.dropbear.data, parts.dropbear.length);
    else
        write_openssh(&parts, file);
    aq_buffer_format(line, "%s ", kinds[kind].type);
    add_base64(line, &parts.public, SIZE_MAX);
    return 1;
}
