/* SPDX-License-Identifier: MIT */
/* Records: YAML as jansson's tree. */
#include "util/json.h"
#include "util/yaml.h"

static json_t *to_json(const struct aq_yaml_node *node)
{
    json_t *tree = NULL;
    switch (node->kind) {
    case AQ_YAML_INTEGER:
        return json_integer(node->number);
    case AQ_YAML_BOOLEAN:
        return json_boolean(node->number != 0);
    case AQ_YAML_TEXT:
        return json_string(node->text);
    case AQ_YAML_LIST:
        tree = json_array();
        for (size_t i = 0; i < node->count; i++)
            json_array_append_new(tree, to_json(&node->items[i]));
        return tree;
    case AQ_YAML_MAPPING:
        tree = json_object();
        for (size_t i = 0; i < node->count; i++)
            json_object_set_new(tree, node->items[i].key, to_json(&node->items[i]));
        return tree;
    }
    return NULL;
}

json_t *aq_yaml_parse(const char *text, size_t length, const char *where, struct aq_error *err)
{
    aq_autoyaml struct aq_yaml_node root = {0};
    return aq_yaml_read(text, length, where, AQ_E_RECORD_INVALID, &root, err) == 0 ? to_json(&root) : NULL;
}
