/* SPDX-License-Identifier: MIT */
/* The tables: every key that a spec may have. */
#include "spec/schema.h"

#include "spec/check.h"

#define KIND(name) (1U << AQ_ENTRY_##name)
#define MAKES(name) (AQ_ENTRY_##name + 1)
#define FILES (KIND(CONTENT) | KIND(SOURCE) | KIND(TEMPLATE) | KIND(URL))

#define AT(member) offsetof(struct aq_entry, member)
const struct aq_schema_key aq_schema_entry_keys[] = {
    {"path", AQ_SCHEMA_GUEST_PATH, .at = AT(path), .required = true, .environment = true,
     .example = "/etc/app/config.json",
     .meaning = "where in the guest. A slash at its end says that it is a folder"},
    {"content", AQ_SCHEMA_TEXT, .at = AT(from), .kind = MAKES(CONTENT), .example = "\"DEBUG = True\\n\"",
     .meaning = "the file's text as it stands: nothing in it is filled in"},
    {"encoding", AQ_SCHEMA_CHOICE, .at = AT(encoding), .choices = "text|base64", .fallback = "text",
     .kinds = KIND(CONTENT), .meaning = "what `content` is written in; `base64` for any bytes"},
    {"source", AQ_SCHEMA_HOST_PATH, .at = AT(from), .kind = MAKES(SOURCE), .environment = true,
     .example = "./config.json", .meaning = "a file of the host, or with `recursive` a folder"},
    {"recursive", AQ_SCHEMA_BOOLEAN, .at = AT(recursive), .fallback = "false",
     .kinds = KIND(SOURCE) | KIND(DELETE),
     .meaning = "the folder with all that is in it; needed for every folder that is not empty"},
    {"exclude", AQ_SCHEMA_LIST, .at = AT(exclude), .each = AQ_SCHEMA_GLOB, .max = 1000, .kinds = KIND(SOURCE),
     .needs = "recursive", .example = "[\"*.pyc\", node_modules/]",
     .meaning = "what of the folder is left out"},
    {"replace", AQ_SCHEMA_BOOLEAN, .at = AT(replace), .fallback = "false", .kinds = KIND(SOURCE),
     .needs = "recursive",
     .meaning = "what was in the guest's folder is removed first; otherwise what has no counterpart stays"},
    {"template", AQ_SCHEMA_HOST_PATH, .at = AT(from), .kind = MAKES(TEMPLATE), .environment = true,
     .example = "./compose.j2", .meaning = "a text file of the host in which `{{ name }}` is filled in"},
    {"variables", AQ_SCHEMA_NAMED, .at = AT(variables), .environment = true, .max = 1000,
     .kinds = KIND(TEMPLATE), .example = "{db_password: \"${DB_PASSWORD}\", api_port: 8080}",
     .meaning = "what the template's names stand for: texts, numbers, true and false, as they are written"},
    {"url", AQ_SCHEMA_URL, .at = AT(from), .kind = MAKES(URL), .environment = true,
     .example = "https://example.org/model.bin", .meaning = "a file that is downloaded; needs `checksum`"},
    {"checksum", AQ_SCHEMA_CHECKSUM, .at = AT(checksum), .environment = true, .kinds = KIND(URL),
     .example = "sha256:…",
     .meaning = "what the download has to have. One cut short by `...` is taken for a draft: the spec can be "
                "read, but not built"},
    {"append", AQ_SCHEMA_BOOLEAN, .at = AT(append), .fallback = "false", .kinds = FILES,
     .meaning = "after what is in the file, instead of in its place; a file that is missing is made"},
    {"symlink", AQ_SCHEMA_LINK, .at = AT(from), .kind = MAKES(SYMLINK), .environment = true,
     .example = "../releases/42", .meaning = "makes `path` a symbolic link to that"},
    {"mkdir", AQ_SCHEMA_TRUE, .kind = MAKES(MKDIR), .example = "true",
     .meaning = "makes `path` a folder, unless it is one"},
    {"delete", AQ_SCHEMA_TRUE, .kind = MAKES(DELETE), .example = "true",
     .meaning = "removes `path`: a file, a link, an empty folder. What is not there is no error"},
    {"mode", AQ_SCHEMA_MODE, .at = AT(mode), .kinds = FILES | KIND(MKDIR), .example = "\"0640\"",
     .meaning =
         "permissions. Of a folder with `recursive` they are its files'; folders get x where they have r"},
    {"owner", AQ_SCHEMA_ACCOUNT, .at = AT(owner), .environment = true,
     .kinds = FILES | KIND(MKDIR) | KIND(SYMLINK), .example = "app",
     .meaning = "a user of the guest, by name or number"},
    {"group", AQ_SCHEMA_ACCOUNT, .at = AT(group), .environment = true,
     .kinds = FILES | KIND(MKDIR) | KIND(SYMLINK), .example = "app",
     .meaning = "a group of the guest, by name or number"},
    {NULL},
};
#undef AT

static const struct aq_schema_section entry_section = {
    .heading = "An entry of `files`",
    .called = "an entry of files",
    .details =
        "It has a `path` and exactly one of `content`, `source`, `template`, `url`, `symlink`, `mkdir` and "
        "`delete`. All entries together are one step and one layer; they are carried out in the order "
        "written, and no two have the same path.",
    .keys = aq_schema_entry_keys,
    .size = sizeof(struct aq_entry),
    .finish = aq_entry_finish,
};

#define AT(member) offsetof(struct aq_command, member)
static const struct aq_schema_key command_keys[] = {
    {"command", AQ_SCHEMA_TEXT, .at = AT(text), .required = true, .example = "\"cd /project && npm install\"",
     .meaning = "one line or many for the guest's `/bin/sh -c`. It fails when the shell does; `set -e` makes "
                "that the first line that fails"},
    {"when", AQ_SCHEMA_CHOICE, .at = AT(when), .choices = "offline|guest", .fallback = "offline",
     .meaning = "on the disk, without booting it, or in a VM that is booted for it: for what needs a running "
                "system"},
    {"network", AQ_SCHEMA_BOOLEAN, .at = AT(network), .fallback = "false",
     .meaning = "it may reach what the host reaches"},
    {"env", AQ_SCHEMA_NAMED, .at = AT(env), .environment = true, .max = 1000,
     .example = "{DEBIAN_FRONTEND: noninteractive}", .meaning = "its environment"},
    {"secrets", AQ_SCHEMA_LIST, .at = AT(secrets), .each = AQ_SCHEMA_SECRET, .max = 100,
     .example = "[npm_token]",
     .meaning = "names of `secrets`; each is the file `/run/secrets/NAME` while the command runs, and in no "
                "layer"},
    {"cache", AQ_SCHEMA_LIST, .at = AT(caches), .each = AQ_SCHEMA_GUEST_PATH, .max = 100,
     .example = "[/root/.npm]",
     .meaning = "folders of the guest that are kept between builds and are part of no layer"},
    {"timeout", AQ_SCHEMA_DURATION, .at = AT(timeout_ms), .fallback = "1h",
     .meaning = "how long it may take: `300` (seconds), `90s`, `5m`"},
    {NULL},
};
#undef AT

static const struct aq_schema_section command_section = {
    .heading = "An entry of `post_modification`",
    .called = "an entry of post_modification",
    .details =
        "Each is a step and a layer of its own, after the files. It runs as root in `/`, with the umask "
        "0022 and nothing on its standard input.",
    .keys = command_keys,
    .size = sizeof(struct aq_command),
    .finish = aq_command_finish,
};

#define AT(member) offsetof(struct aq_secret, member)
static const struct aq_schema_key secret_keys[] = {
    {"env", AQ_SCHEMA_VARIABLE, .at = AT(env), .example = "NPM_TOKEN",
     .meaning = "the environment variable that has its value"},
    {"file", AQ_SCHEMA_HOST_PATH, .at = AT(file), .environment = true, .example = "./token.txt",
     .meaning = "the file of the host that has its value; where it may be is as for `source`"},
    {"in_key", AQ_SCHEMA_BOOLEAN, .at = AT(in_key), .fallback = "false",
     .meaning =
         "another value makes the steps that use it run again. A digest of it is then part of their keys"},
    {NULL},
};
#undef AT

static const struct aq_schema_section secret_section = {
    .heading = "An entry of `secrets`",
    .called = "an entry of secrets",
    .details =
        "Its key is its name; it has exactly one of `env` and `file`. The value is read when a step that "
        "uses it runs. It is in no layer, key, record, message or log.",
    .keys = secret_keys,
    .size = sizeof(struct aq_secret),
    .key_at = offsetof(struct aq_secret, id),
    .finish = aq_secret_finish,
};

#define AT(member) offsetof(struct aq_spec, member)
static const struct aq_schema_key spec_keys[] = {
    {"base_checkpoint", AQ_SCHEMA_BASE, .at = AT(base), .environment = true, .example = "debian-12",
     .meaning =
         "what is modified: a base by its name, which may be what another spec has made, or a layer by "
         "its digest (`sha256:…`). Needed unless the command says `base=`"},
    {"files", AQ_SCHEMA_SECTIONS, .at = AT(entries), .count_at = AT(entry_count), .max = 10000,
     .section = &entry_section, .meaning = "what is put into the image"},
    {"post_modification", AQ_SCHEMA_SECTIONS, .at = AT(commands), .count_at = AT(command_count), .max = 1000,
     .section = &command_section, .meaning = "what is run in it afterwards"},
    {"secrets", AQ_SCHEMA_SECTION_MAP, .at = AT(secrets), .each = AQ_SCHEMA_SECRET,
     .count_at = AT(secret_count), .max = 100, .section = &secret_section,
     .meaning = "what the commands may know and no layer holds"},
    {NULL},
};
#undef AT

static const struct aq_schema_section spec_section = {
    .heading = "`checkpoint_modifications`",
    .called = "checkpoint_modifications",
    .details = "It has at least one entry of `files` or of `post_modification`.",
    .keys = spec_keys,
    .finish = aq_spec_finish,
};

static const struct aq_schema_key document_keys[] = {
    {"checkpoint_modifications", AQ_SCHEMA_SECTION, .required = true, .section = &spec_section,
     .meaning = "the whole"},
    {NULL},
};

const struct aq_schema_section aq_schema_document = {
    .heading = "The file",
    .called = "a spec",
    .details = "A YAML document, without anchors, aliases, tags and keys that are there twice, of at most "
               "1 MiB.",
    .keys = document_keys,
};

const struct aq_schema_section *const aq_schema_sections[] = {
    &aq_schema_document, &spec_section, &entry_section, &command_section, &secret_section, NULL};
