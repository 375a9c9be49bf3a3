/* SPDX-License-Identifier: MIT */
#include "guest/agent_side.h"

#include "guest/agent_exec.h"
#include "guest/agent_files.h"
#include "util/json.h"

enum {
    READ_SIZE = 64 * 1024, /* a turn's share, however fast it is written */
    CLOSE_MS = 10000,
};

static json_int_t open_file(const struct aq_agent_side *side, const char *suffix, aq_deadline deadline,
                            struct aq_error *err)
{
    aq_autofree char *path = aq_format("%s%s", side->files, suffix);
    return aq_agent_open(side->agent, path, "w+", deadline, err);
}

int aq_agent_side_open(struct aq_agent_side *side, struct aq_agent *agent, const struct aq_guest_exec *exec,
                       const char *files, struct aq_error *err)
{
    if (exec->side == NULL)
        return 0;
    side->agent = agent;
    side->files = files;
    side->side = exec->side;
    side->said = open_file(side, AQ_SIDE_SAID, exec->deadline, err);
    side->told = side->said < 0 ? -1 : open_file(side, AQ_SIDE_TOLD, exec->deadline, err);
    return side->told < 0 ? -1 : 0;
}

static int tell(struct aq_agent_side *side, struct aq_error *why, aq_deadline deadline, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0};
    int told = side->side->tell(side->side->data, &line, why);
    if (told <= 0)
        return 0;
    aq_buffer_add_char(&line, '\n');
    if (aq_agent_write(side->agent, side->told, line.data, line.length, deadline, err) < 0)
        return -1;
    aq_autojson json_t *flushed =
        aq_agent_call(side->agent, "guest-file-flush", json_pack("{s:I}", "handle", side->told),
                      AQ_AGENT_SMALL_ANSWER, deadline, err);
    return flushed == NULL ? -1 : 1;
}

int aq_agent_side_turn(struct aq_agent_side *side, struct aq_error *why, aq_deadline deadline,
                       struct aq_error *err)
{
    if (side->side == NULL)
        return 0;
    aq_autobuffer struct aq_buffer piece = {0};
    if (aq_agent_read(side->agent, side->said, READ_SIZE, &piece, deadline, err) < 0)
        return -1;
    int lines = aq_side_lines_take(&side->lines, side->side, aq_buffer_text(&piece), piece.length);
    int told = tell(side, why, deadline, err);
    return told < 0 ? -1 : lines > 0 || told > 0;
}

void aq_agent_side_close(struct aq_agent_side *side)
{
    static const char script[] = "rm -f \"$1" AQ_SIDE_SAID "\" \"$1" AQ_SIDE_TOLD "\"";
    if (side->side == NULL)
        return;
    const char *const arguments[] = {side->files, NULL};
    aq_autobuffer struct aq_buffer output = {0};
    struct aq_error ignored = {0};
    side->side = NULL;
    if (side->said >= 0)
        aq_agent_close(side->agent, side->said);
    if (side->told >= 0)
        aq_agent_close(side->agent, side->told);
    if (!aq_must_end()) /* else the script that ends the command removes them as well */
        aq_agent_run_script(side->agent, script, arguments, &output, aq_after_ms(CLOSE_MS), &ignored);
    aq_side_lines_free(&side->lines);
}
