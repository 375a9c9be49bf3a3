/* SPDX-License-Identifier: MIT */
#include "guest/ssh_pins.h"

#include <string.h>

#include "guest/ssh_library.h"
#include "util/files.h"

enum { FILE_MAX = 64 * 1024, KEY_MAX = 16 * 1024 };

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/* Types of host keys, and the algorithms that are offered for them. What is not here is not trusted: DSA, and
   keys on security tokens, which no server has. */
static const struct {
    const char *type, *algorithms;
} types[] = {
    {"ssh-ed25519", "ssh-ed25519"},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
    {"ssh-rsa", "rsa-sha2-512,rsa-sha2-256"},
};
#define TYPES (sizeof types / sizeof *types)

static const char *algorithms_of(const char *type, size_t length)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strlen(types[i].type) == length && memcmp(types[i].type, type, length) == 0)
            return types[i].algorithms;
    return NULL;
}

static ssh_key import(const char *type, const char *key)
{
    ssh_key imported = NULL;
    aq_ssh.ssh_pki_import_pubkey_base64(key, aq_ssh.ssh_key_type_from_name(type), &imported);
    return imported;
}

/* The next word of a line, and where the line goes on. */
static const char *next_word(const char *at, const char *end, size_t *length)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    const char *word = at;
    while (at < end && *at != ' ' && *at != '\t')
        at++;
    *length = (size_t)(at - word);
    return word;
}

/* The pin that stands in a line; NULL when there is none. */
static char *pin_of_line(const char *line, const char *end)
{
    size_t length, key_length;
    const char *word = next_word(line, end, &length);
    if (length > 0 && (word[0] == '#' || word[0] == '@')) /* a comment, or a mark such as @revoked */
        return NULL;
    for (; length > 0; word = next_word(word + length, end, &length)) {
        if (algorithms_of(word, length) == NULL)
            continue;
        const char *key = next_word(word + length, end, &key_length);
        if (key_length == 0 || key_length > KEY_MAX || strspn(key, base64) < key_length)
            return NULL;
        aq_autofree char *type = aq_strndup(word, length), *text = aq_strndup(key, key_length);
        ssh_key usable = import(type, text);
        if (usable == NULL)
            return NULL;
        aq_ssh.ssh_key_free(usable);
        return aq_format("%s %s", type, text);
    }
    return NULL;
}

int aq_ssh_pins_add(struct aq_strings *pins, const char *text, size_t length, struct aq_error *err)
{
    int added = 0;
    if (aq_library_load(&aq_ssh_library, err) < 0)
        return -1;
    for (const char *line = text, *end = text + length; line < end;) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL)
            line_end = end;
        const char *cut = line_end > line && line_end[-1] == '\r' ? line_end - 1 : line_end;
        aq_autofree char *pin = pin_of_line(line, cut);
        line = line_end + 1;
        if (pin == NULL || aq_strings_has(pins, pin))
            continue;
        if (pins->count == AQ_SSH_PINS_MAX)
            return aq_fail(err, AQ_E_LIMIT_EXCEEDED, "these are more than %d host keys", AQ_SSH_PINS_MAX);
        aq_strings_add(pins, pin);
        added++;
    }
    return added;
}

static void known_hosts(const char *alias, const struct aq_strings *pins, struct aq_buffer *text)
{
    for (size_t i = 0; i < pins->count; i++)
        aq_buffer_format(text, "%s %s\n", alias, pins->items[i]);
}

int aq_ssh_pins_write(int folder, const char *name, const char *alias, const struct aq_strings *pins,
                      struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    known_hosts(alias, pins, &text);
    return aq_replace_file_at(folder, name, aq_buffer_text(&text), text.length, err);
}

int aq_ssh_pins_make(int folder, const char *name, const char *alias, const struct aq_strings *pins,
                     struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    known_hosts(alias, pins, &text);
    aq_autoclose int file = aq_make_file_at(folder, name, aq_buffer_text(&text), text.length, 0600, err);
    return file < 0 ? -1 : 0;
}

int aq_ssh_pins_read(int folder, const char *name, struct aq_strings *pins, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    struct aq_error own = {0};
    if (aq_read_file_at(folder, name, FILE_MAX, &text, &own) == 0)
        return aq_ssh_pins_add(pins, aq_buffer_text(&text), text.length, err) < 0 ? -1 : 0;
    return own.code == AQ_E_FILE_NOT_FOUND ? 0 : aq_fail(err, own.code, "%s", own.text);
}

char *aq_ssh_pin_type(const char *pin)
{
    return aq_strndup(pin, strcspn(pin, " "));
}

const char *aq_ssh_pin_fingerprint(const char *pin, char text[AQ_SSH_FINGERPRINT])
{
    unsigned char *hash = NULL;
    size_t length = 0;
    aq_autofree char *type = aq_ssh_pin_type(pin);
    text[0] = '\0';
    ssh_key key = import(type, pin + strlen(type) + (pin[strlen(type)] == ' '));
    if (key == NULL)
        return text;
    if (aq_ssh.ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == 0) {
        char *shown = aq_ssh.ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
        snprintf(text, AQ_SSH_FINGERPRINT, "%s", shown != NULL ? shown : "");
        aq_ssh.ssh_string_free_char(shown);
        aq_ssh.ssh_clean_pubkey_hash(&hash);
    }
    aq_ssh.ssh_key_free(key);
    return text;
}

bool aq_ssh_is_fingerprint(const char *text)
{
    return strlen(text) == AQ_SSH_FINGERPRINT - 1 && strncmp(text, "SHA256:", 7) == 0 &&
           strspn(text + 7, base64) == AQ_SSH_FINGERPRINT - 8 && strchr(text, '=') == NULL;
}

char *aq_ssh_pins_algorithms(const struct aq_strings *pins)
{
    aq_autobuffer struct aq_buffer list = {0};
    for (size_t t = 0; t < TYPES; t++)
        for (size_t i = 0; i < pins->count; i++) {
            size_t length = strlen(types[t].type);
            if (strncmp(pins->items[i], types[t].type, length) != 0 || pins->items[i][length] != ' ')
                continue;
            aq_buffer_format(&list, "%s%s", list.length > 0 ? "," : "", types[t].algorithms);
            break;
        }
    return aq_strdup(aq_buffer_text(&list));
}
