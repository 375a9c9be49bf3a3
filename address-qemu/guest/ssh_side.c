/* SPDX-License-Identifier: MIT */
#include "guest/ssh_side.h"

#include "guest/side.h"
#include "guest/side_lines.h"
#include "guest/ssh_shell.h"

enum {
    TICK_MS = 1000, /* where the side channel has no other */
    CLOSING_MS = 5000,
};

/* In the folder $1: what comes is appended to the one file, what is appended to the other is printed, looked
   at again and again (`tail -f` looks once a second). When no more comes, what was still said is printed, and
   the folder goes. */
static const char script[] =
    "cd \"$1\" || exit 1\n"
    "trap '' PIPE; trap 'rm -rf \"$1\"' EXIT\n"
    "exec 3<&0\n"
    "{ while IFS= read -r l <&3; do printf '%s\\n' \"$l\" >>" AQ_SSH_SIDE_NAME AQ_SIDE_TOLD "; done\n"
    ": >done; } >/dev/null 2>&1 &\n"
    "last=\n"
    "while :; do\n"
    "  [ -e done ] && last=1\n"
    "  while IFS= read -r l; do printf '%s\\n' \"$l\"; done\n"
    "  [ -z \"$last\" ] || exit 0\n"
    "  sleep 0.1 2>/dev/null || sleep 1\n"
    "done <" AQ_SSH_SIDE_NAME AQ_SIDE_SAID "\n";

struct aq_ssh_side {
    struct aq_guest_side *side;
    struct aq_side_lines lines;
    bool heard; /* a line has come since it was last asked what to tell */
    aq_deadline next;
    char *folder;
    const char *argv[6];
    struct aq_guest_exec exec;
    struct aq_ssh_order order;
    struct aq_guest_exit exit;
    struct aq_ssh_run run;
};

static void take(void *data, enum aq_stream stream, const char *bytes, size_t length)
{
    struct aq_ssh_side *side = data;
    if (stream == AQ_STREAM_STDOUT && aq_side_lines_take(&side->lines, side->side, bytes, length) > 0)
        side->heard = true;
}

static void release(struct aq_ssh_side *side)
{
    aq_ssh_finish(&side->run);
    aq_guest_exit_free(&side->exit);
    aq_side_lines_free(&side->lines);
    free(side->folder);
    free(side);
}

struct aq_ssh_side *aq_ssh_side_open(struct aq_ssh_channel *ssh, struct aq_guest_side *talk, const char *mark,
                                     struct aq_error *err)
{
    struct aq_ssh_side *side = aq_alloc(sizeof *side);
    side->side = talk;
    side->folder = aq_format(AQ_SSH_SIDE_FOLDER "%s", mark);
    const char *const argv[6] = {"/bin/sh", "-c", script, "address-qemu", side->folder, NULL};
    for (size_t i = 0; i < 6; i++)
        side->argv[i] = argv[i];
    side->exec = (struct aq_guest_exec){
        .argv = side->argv, .deadline = AQ_FOREVER, .on_output = take, .on_output_data = side};
    side->order = (struct aq_ssh_order){.exec = &side->exec, .ending = AQ_SSH_ABANDON, .late = AQ_E_TIMEOUT};
    side->run =
        (struct aq_ssh_run){.ssh = ssh, .order = &side->order, .exit = &side->exit, .input_held = true};
    if (aq_ssh_begin(&side->run, err) == 0)
        return side;
    release(side);
    return NULL;
}

/* Lines follow what is not sent yet. */
static void say(struct aq_ssh_side *side, struct aq_buffer *line)
{
    aq_buffer_add_char(line, '\n');
    aq_buffer_add(&side->run.pending, line->data, line->length);
}

int aq_ssh_side_turn(struct aq_ssh_side *side, struct aq_error *err)
{
    if (aq_ssh_pump_input(&side->run, err) < 0)
        return -1;
    if (!side->heard && side->next != 0 && aq_ms_left(side->next) > 0)
        return 0;
    aq_autobuffer struct aq_buffer line = {0};
    side->heard = false;
    int told = side->side->tell(side->side->data, &line, err);
    if (told < 0)
        return -1;
    side->next = aq_after_ms(side->side->tick_ms > 0 ? side->side->tick_ms : TICK_MS);
    if (told == 0)
        return 0;
    side->heard = true; /* it may have more to tell */
    say(side, &line);
    return aq_ssh_pump_input(&side->run, err) < 0 ? -1 : 0;
}

aq_deadline aq_ssh_side_next(const struct aq_ssh_side *side)
{
    return side->heard ? aq_now() : side->next;
}

void aq_ssh_side_close(struct aq_ssh_side *side)
{
    struct aq_error ignored = {0};
    if (side == NULL)
        return;
    aq_interrupt_hold();
    aq_deadline soon = aq_after_ms(CLOSING_MS);
    aq_ssh_end_input(&side->run);
    while (side->run.ssh->link != NULL && side->run.channel != NULL && !side->run.closed &&
           !side->run.exited && aq_ms_left(soon) > 0) {
        enum aq_ssh_turn turn = aq_ssh_pump(&side->run, &ignored);
        if (turn < 0 ||
            (turn == AQ_TURN_IDLE && aq_ssh_link_wait(side->run.ssh->link, -1, 0, soon, &ignored) < 0))
            break;
    }
    aq_interrupt_release();
    release(side);
}
