/* SPDX-License-Identifier: MIT */
#include "vm/record.h"

#include <stdio.h>
#include <string.h>

#include "spec/egress.h"
#include "spec/ports.h"
#include "util/files.h"
#include "util/json.h"
#include "util/names.h"
#include "util/yaml.h"

/* The version of the record's format; a later one is refused rather than half understood. In the first, the
 * parent was always a base: `base` and `base_pin`. */
enum { FORMAT = 2 };

const char *aq_port_rule_text(const struct aq_port_rule *rule, char text[AQ_PORT_TEXT])
{
    char host[12] = "any";
    if (rule->chosen != 0)
        snprintf(host, sizeof host, "any/%u", rule->chosen);
    else if (rule->host != 0)
        snprintf(host, sizeof host, "%u", rule->host);
    snprintf(text, AQ_PORT_TEXT, "%s:%s:%s:%u", rule->protocol, rule->address, host, rule->guest);
    return text;
}

static int port_rule_from_text(const char *text, struct aq_port_rule *rule)
{
    *rule = (struct aq_port_rule){0};
    char host[10];
    unsigned guest, number = 0;
    int end = 0;
    if (sscanf(text, "%3[a-z]:%15[0-9.]:%9[a-z0-9/]:%5u%n", rule->protocol, rule->address, host, &guest,
               &end) != 4 ||
        text[end] != '\0' || guest == 0 || guest > UINT16_MAX)
        return -1;
    bool any = strncmp(host, "any", 3) == 0;
    const char *digits = !any ? host : host[3] == '/' ? host + 4 : "0";
    if ((any && host[3] != '\0' && host[3] != '/') || sscanf(digits, "%u%n", &number, &end) != 1 ||
        digits[end] != '\0')
        return -1;
    if (number > UINT16_MAX || (strcmp(rule->protocol, "tcp") != 0 && strcmp(rule->protocol, "udp") != 0))
        return -1;
    rule->host = any ? 0 : (uint16_t)number;
    rule->chosen = any ? (uint16_t)number : 0;
    rule->guest = (uint16_t)guest;
    return 0;
}

struct aq_port_rule aq_port_rule_of(const struct aq_ingress *ingress)
{
    struct aq_port_rule rule = {.host = ingress->host, .guest = ingress->guest};
    memcpy(rule.protocol, ingress->protocol, sizeof rule.protocol);
    memcpy(rule.address, ingress->address, sizeof rule.address);
    return rule;
}

json_t *aq_port_rules_to_json(const struct aq_port_rule *rules, unsigned count)
{
    json_t *list = json_array();
    char text[AQ_PORT_TEXT];
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(list, json_string(aq_port_rule_text(&rules[i], text)));
    return list;
}

int aq_port_rules_from_json(const json_t *list, struct aq_port_rule *rules, unsigned max, unsigned *count)
{
    *count = 0;
    size_t length = json_array_size(list);
    if (length > max)
        return -1;
    for (size_t i = 0; i < length; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || port_rule_from_text(text, &rules[i]) < 0)
            return -1;
    }
    *count = (unsigned)length;
    return 0;
}

static const char *const pending_words[] = {[AQ_PENDING_FREEZE] = "freeze",
                                            [AQ_PENDING_FLATTEN] = "flatten",
                                            [AQ_PENDING_COMMIT] = "commit",
                                            [AQ_PENDING_TABLES] = "tables",
                                            [AQ_PENDING_GROW] = "grow"};

static json_t *pending_to_json(const struct aq_pending *pending)
{
    json_t *record = json_object();
    json_object_set_new(record, "what", json_string(pending_words[pending->what]));
    if (pending->disk != NULL)
        json_object_set_new(record, "disk", json_string(pending->disk));
    if (pending->layer[0] != '\0')
        json_object_set_new(record, "layer", json_string(pending->layer));
    return record;
}

static int pending_from_json(const json_t *record, struct aq_pending *pending)
{
    const char *what = aq_json_text(record, "what", ""), *disk = aq_json_text(record, "disk", NULL);
    const char *layer = aq_json_text(record, "layer", NULL);
    if (record == NULL)
        return 0;
    for (size_t i = 1; i < sizeof pending_words / sizeof *pending_words; i++)
        if (strcmp(pending_words[i], what) == 0)
            pending->what = (enum aq_pending_what)i;
    if (pending->what == AQ_PENDING_NOTHING || (disk != NULL && !aq_folder_name_valid(disk)) ||
        (layer != NULL && !aq_layer_id_valid(layer)))
        return -1;
    pending->disk = disk != NULL ? aq_strdup(disk) : NULL;
    if (layer != NULL)
        memcpy(pending->layer, layer, sizeof pending->layer);
    return 0;
}

static void set_note(json_t *record, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_object_set_new(record, key, json_string(text));
}

/* They become part of QEMU's command line, so they are nothing but what such names are made of. */
static int bound_from_json(const json_t *record, struct aq_bound *bound)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,+=-";
    const char *machine = aq_json_text(record, "machine", ""), *accel = aq_json_text(record, "accel", "");
    const char *cpu = aq_json_text(record, "cpu", "");
    if (machine[strspn(machine, allowed)] != '\0' || strchr(machine, ',') != NULL ||
        cpu[strspn(cpu, allowed)] != '\0' || strlen(machine) >= sizeof bound->machine ||
        strlen(accel) >= sizeof bound->accel || strlen(cpu) >= sizeof bound->cpu)
        return -1;
    memcpy(bound->machine, machine, strlen(machine) + 1);
    memcpy(bound->accel, accel, strlen(accel) + 1);
    memcpy(bound->cpu, cpu, strlen(cpu) + 1);
    return 0;
}

static json_t *ssh_to_json(const struct aq_vm_ssh *ssh)
{
    json_t *record = json_object();
    set_note(record, "host", ssh->host);
    if (ssh->port != 0)
        json_object_set_new(record, "port", json_integer(ssh->port));
    set_note(record, "user", ssh->user);
    set_note(record, "key_file", ssh->key_file);
    set_note(record, "host_key", ssh->host_key);
    return record;
}

static bool ssh_from_json(const json_t *record, struct aq_vm_ssh *ssh)
{
    int64_t port = aq_json_int(record, "port", 0);
    ssh->port = (uint16_t)port;
    ssh->host = aq_strdup(aq_json_text(record, "host", ""));
    ssh->user = aq_strdup(aq_json_text(record, "user", ""));
    ssh->key_file = aq_strdup(aq_json_text(record, "key_file", ""));
    ssh->host_key = aq_strdup(aq_json_text(record, "host_key", ""));
    return port >= 0 && port <= UINT16_MAX && ssh->host[0] != '-' && ssh->user[0] != '-';
}

int aq_vm_to_yaml(const struct aq_vm *vm, struct aq_buffer *text, struct aq_error *err)
{
    aq_autojson json_t *record = json_object();
    json_object_set_new(record, "format", json_integer(FORMAT));
    json_object_set_new(record, "id", json_string(vm->id));
    json_object_set_new(record, "base", json_string(vm->base));
    if (vm->parent.kind != AQ_PARENT_NONE)
        json_object_set_new(record, "parent", aq_parent_to_json(&vm->parent));
    if (strcmp(vm->disk, AQ_VM_DISK) != 0)
        json_object_set_new(record, "disk", json_string(vm->disk));
    json_object_set_new(record, "disk_size", json_integer((json_int_t)vm->disk_size));
    json_object_set_new(record, "memory", json_integer(vm->memory));
    json_object_set_new(record, "cpus", json_integer(vm->cpus));
    json_object_set_new(record, "network", json_string(vm->network));
    if (vm->address[0] != '\0')
        json_object_set_new(record, "address", json_string(vm->address));
    if (strcmp(vm->egress, "any") != 0)
        json_object_set_new(record, "egress", json_string(vm->egress));
    json_object_set_new(record, "mac", json_string(vm->mac));
    json_object_set_new(record, "accel", json_string(vm->accel));
    json_object_set_new(record, "created", json_string(vm->created));
    if (vm->iso != NULL)
        json_object_set_new(record, "iso", json_string(vm->iso));
    set_note(record, "saved", vm->saved);
    set_note(record, "template", vm->template);
    set_note(record, "provisioned", vm->provisioned);
    if (vm->bound.machine[0] != '\0')
        json_object_set_new(record, "bound",
                            json_pack("{s:s, s:s, s:s}", "machine", vm->bound.machine, "accel",
                                      vm->bound.accel, "cpu", vm->bound.cpu));
    if (vm->pending.what != AQ_PENDING_NOTHING)
        json_object_set_new(record, "pending", pending_to_json(&vm->pending));
    if (vm->port_count != 0)
        json_object_set_new(record, "ports", aq_port_rules_to_json(vm->ports, vm->port_count));
    json_t *console = json_object();
    set_note(console, "user", vm->console.user);
    set_note(console, "password_file", vm->console.password_file);
    json_object_set_new(record, "console", console);
    if (json_object_size(console) == 0)
        json_object_del(record, "console");
    json_t *ssh = ssh_to_json(&vm->ssh);
    json_object_set_new(record, "ssh", ssh);
    if (json_object_size(ssh) == 0)
        json_object_del(record, "ssh");
    return aq_yaml_write(record, text, err);
}

static int invalid(const struct aq_vm *vm, const char *member, struct aq_error *err)
{
    return aq_fail(err, AQ_E_RECORD_INVALID,
                   "the record of VM %s has no usable %s; `remove name=%s` clears the VM away", vm->name,
                   member, vm->name);
}

/* What the disk is and what it stands on. */
static int read_disk(const json_t *record, int64_t format, struct aq_vm *vm)
{
    vm->base = aq_strdup(aq_json_text(record, "base", ""));
    vm->disk = aq_strdup(aq_json_text(record, "disk", AQ_VM_DISK));
    if (vm->disk[0] != '/' && !aq_folder_name_valid(vm->disk))
        return -1;
    if (format > 1)
        return aq_parent_from_json(json_object_get(record, "parent"), &vm->parent) ? 0 : -1;
    struct aq_pin pin;
    if (!aq_name_valid(vm->base) || !aq_pin_from_json(json_object_get(record, "base_pin"), &pin))
        return -1;
    vm->parent = aq_parent_make(AQ_PARENT_BASE, vm->base, &pin);
    return 0;
}

/* A limit that cannot be read is not taken for none. */
static int read_egress(const json_t *record, struct aq_vm *vm)
{
    const json_t *member = json_object_get(record, "egress");
    const char *text = member != NULL ? json_string_value(member) : "any";
    vm->egress = aq_strdup(text != NULL ? text : "none");
    if (member == NULL || text == NULL)
        return text != NULL ? 0 : -1;
    struct aq_error reason = {0};
    aq_autofree struct aq_egress *egress = aq_alloc(sizeof *egress);
    return aq_egress_parse(text, egress, &reason);
}

static int read_network(const json_t *record, struct aq_vm *vm)
{
    struct aq_ip address;
    const char *text = aq_json_text(record, "address", "");
    vm->network = aq_strdup(aq_json_text(record, "network", "user"));
    snprintf(vm->address, sizeof vm->address, "%s", text);
    return aq_name_valid(vm->network) && (text[0] == '\0' || aq_ip_parse(text, &address)) ? 0 : -1;
}

static int read_members(const json_t *record, struct aq_vm *vm, struct aq_error *err)
{
    int64_t format = aq_json_int(record, "format", 0);
    if (format > FORMAT)
        return aq_fail(
            err, AQ_E_NOT_SUPPORTED,
            "the VM %s was made by a later version of address-qemu (record format %d, this knows %d)",
            vm->name, (int)format, FORMAT);
    if (format < 1)
        return invalid(vm, "format", err);
    int64_t memory = aq_json_int(record, "memory", 0), cpus = aq_json_int(record, "cpus", 0);
    int64_t disk_size = aq_json_int(record, "disk_size", 0);
    if (memory <= 0 || memory > UINT32_MAX || cpus <= 0 || cpus > 4096 || disk_size <= 0)
        return invalid(vm, "memory, cpus or disk_size", err);
    if (read_disk(record, format, vm) < 0)
        return invalid(vm, "base, parent or disk", err);
    if (pending_from_json(json_object_get(record, "pending"), &vm->pending) < 0)
        return invalid(vm, "pending", err);
    if (bound_from_json(json_object_get(record, "bound"), &vm->bound) < 0)
        return invalid(vm, "bound", err);
    if (aq_port_rules_from_json(json_object_get(record, "ports"), vm->ports, AQ_VM_PORTS_MAX,
                                &vm->port_count) < 0)
        return invalid(vm, "ports", err);
    const json_t *console = json_object_get(record, "console");
    vm->console.user = aq_strdup(aq_json_text(console, "user", ""));
    vm->console.password_file = aq_strdup(aq_json_text(console, "password_file", ""));
    if (!ssh_from_json(json_object_get(record, "ssh"), &vm->ssh))
        return invalid(vm, "ssh", err);
    if (read_egress(record, vm) < 0)
        return invalid(vm, "egress", err);
    const char *id = aq_json_text(record, "id", "");
    if (strlen(id) != AQ_UUID_TEXT - 1 || strspn(id, "0123456789abcdef-") != AQ_UUID_TEXT - 1)
        return invalid(vm, "id", err);
    snprintf(vm->id, sizeof vm->id, "%s", id);
    if (read_network(record, vm) < 0)
        return invalid(vm, "network or address", err);
    snprintf(vm->mac, sizeof vm->mac, "%s", aq_json_text(record, "mac", ""));
    vm->memory = (unsigned)memory;
    vm->cpus = (unsigned)cpus;
    vm->disk_size = (uint64_t)disk_size;
    vm->accel = aq_strdup(aq_json_text(record, "accel", "auto"));
    vm->created = aq_strdup(aq_json_text(record, "created", ""));
    const char *iso = aq_json_text(record, "iso", NULL);
    vm->iso = iso != NULL ? aq_strdup(iso) : NULL;
    vm->saved = aq_strdup(aq_json_text(record, "saved", ""));
    vm->template = aq_strdup(aq_json_text(record, "template", ""));
    vm->provisioned = aq_strdup(aq_json_text(record, "provisioned", ""));
    return 0;
}

int aq_vm_from_yaml(const struct aq_buffer *text, struct aq_vm *vm, struct aq_error *err)
{
    char where[AQ_NAME_MAX + 32];
    snprintf(where, sizeof where, "vms/%s/%s", vm->name, AQ_VM_RECORD);
    aq_autojson json_t *record = aq_yaml_parse(aq_buffer_text(text), text->length, where, err);
    if (record == NULL)
        return -1;
    return read_members(record, vm, err);
}

int aq_vm_write(const struct aq_vm *vm, int lock, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer text = {0};
    if (aq_vm_to_yaml(vm, &text, err) < 0)
        return -1;
    return aq_replace_file_at(lock, AQ_VM_RECORD, text.data, text.length, err);
}
