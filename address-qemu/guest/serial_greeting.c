/* SPDX-License-Identifier: MIT */
/* The way from a console that nobody has said anything at to a shell that does as it is told. */
#include <string.h>

#include "guest/serial_channel.h"
#include "guest/serial_login.h"
#include "util/random.h"

enum {
    TAIL = 4096,        /* of what came, to be looked at */
    QUIET_MS = 400,     /* a prompt is what is said before a silence */
    AGAIN_MS = 4000,    /* before something is typed again */
    STARTING_MS = 8000, /* for the shell to start our loop */
    TYPE_MS = 10000,
    PROMPT = 256, /* of the end of what came */
    ESCAPE = 0x1b,
};

/* `a` answers, with the question's number and a checksum of the words; `f` shows a piece of a file. od is
   POSIX's; base64 takes less than half as long. */
static const char *const preparations[] = {
    "n=$(printf '\\n.');n=${n%.};umask 077;k=0;d=/tmp/.address-qemu-$m",
    "w=$(command -v base64||:);mkdir -p \"$d\"&&[ -O \"$d\" ]&&[ ! -L \"$d\" ]&&a ok \"${w:+base64}\"||a no",
    "f(){ tail -c +$(($2+1)) \"$1\" 2>/dev/null|head -c $3 >\"$d/c\";h=$(sha256sum <\"$d/c\");"
    "echo;echo \"@$m:$q ${h%% *} $(($(wc -c <\"$d/c\")))\";if [ \"$w\" ];then base64 \"$d/c\"|sed "
    "\"s/^/@$m=/\";"
    "else od -An -v -tx1 \"$d/c\"|sed \"s/^/@$m-/\";fi;echo \"@$m. $q\";}",
};

/* Typed at the shell's prompt. With a blank before it most shells leave it out of their history. */
static void start_line(const struct aq_serial *serial, struct aq_buffer *line)
{
    aq_buffer_format(line,
                     " /bin/sh -c 'm=%s;t=$(stty -g);stty -echo;LC_ALL=C;AQ_SERIAL=1;export LC_ALL AQ_SERIAL;"
                     "a(){ z=\"$*\";h=$(printf %%s \"$z\"|sha256sum);echo;echo \"@$m $q ${h%%%% *} ${#z} "
                     "$z\";};echo;echo \"@$m\" begun;"
                     "while IFS= read -r l;do eval \"$l\";done;stty \"$t\"'\r",
                     serial->mark);
}

static int type_text(struct aq_serial *serial, const char *text, struct aq_error *err)
{
    return aq_serial_type(serial, text, strlen(text), aq_after_ms(TYPE_MS), err);
}

/* Takes what has come; only its end is kept. */
static int listen_in(struct aq_serial *serial, struct aq_error *err)
{
    char piece[TAIL];
    ssize_t got;
    while ((got = aq_channel_read(&serial->base, piece, sizeof piece, err)) > 0) {
        aq_buffer_add(&serial->in, piece, (size_t)got);
        serial->heard_at = aq_now();
        if (serial->in.length > TAIL) {
            size_t drop = serial->in.length - TAIL;
            memmove(serial->in.data, serial->in.data + drop, TAIL + 1);
            serial->in.length = TAIL;
        }
    }
    return (int)got;
}

/* What was said last, without what is for terminals alone (ECMA-48's control sequences): shells set one
   before their prompt, or ask where the cursor is behind it. */
static void plain_end(const struct aq_serial *serial, char plain[PROMPT])
{
    const char *text = aq_buffer_text(&serial->in), *end = text + strlen(text);
    size_t used = 0;
    if (end - text > PROMPT - 1)
        text = end - (PROMPT - 1);
    while (text < end) {
        if (*text != ESCAPE) {
            plain[used++] = *text++;
            continue;
        }
        text += text[1] == '[' ? 2 + strspn(text + 2, "0123456789;:<=>?!\"#$%&'()*+,-./ ") : 1;
        text += text < end;
    }
    while (used > 0 && strchr(" \r\t", plain[used - 1]) != NULL)
        used--;
    plain[used] = '\0';
}

/* Does what was said last, on a line that has not ended, end with the word? */
static bool ends_with(const struct aq_serial *serial, const char *word)
{
    char plain[PROMPT];
    plain_end(serial, plain);
    size_t length = strlen(plain), wanted = strlen(word);
    return length >= wanted && strcasecmp(plain + length - wanted, word) == 0;
}

static bool is_quiet(const struct aq_serial *serial)
{
    aq_deadline last = serial->heard_at > serial->typed_at ? serial->heard_at : serial->typed_at;
    return aq_now() - last >= QUIET_MS * 1000000LL;
}

static bool is_time_again(const struct aq_serial *serial, int64_t after_ms)
{
    return aq_now() - serial->typed_at >= after_ms * 1000000LL;
}

static int next(struct aq_serial *serial, enum aq_serial_state state, const char *text, struct aq_error *err)
{
    aq_buffer_clear(&serial->in);
    serial->state = state;
    return type_text(serial, text, err);
}

static const char *user_of(const struct aq_serial *serial)
{
    const char *user = serial->login->user;
    return user != NULL && user[0] != '\0' ? user : "root";
}

static int type_name(struct aq_serial *serial, struct aq_error *err)
{
    aq_autofree char *line = aq_format("%s\r", user_of(serial));
    return next(serial, AQ_SERIAL_NAMED, line, err);
}

static int type_password(struct aq_serial *serial, struct aq_error *err)
{
    if (serial->login->password == NULL)
        return aq_fail(err, AQ_E_CONSOLE_LOGIN_REFUSED,
                       "the console asks for a password of %s, and none is known: `configure_serial vm=… "
                       "password_file=…` says where it is",
                       user_of(serial));
    aq_autofree char *line = aq_format("%s\r", serial->login->password);
    int typed = next(serial, AQ_SERIAL_PASSED, line, err);
    explicit_bzero(line, strlen(line));
    return typed;
}

static int start_loop(struct aq_serial *serial, struct aq_error *err)
{
    aq_autobuffer struct aq_buffer line = {0};
    aq_random_name(serial->mark, sizeof serial->mark);
    start_line(serial, &line);
    serial->logged_in = serial->state == AQ_SERIAL_PASSED || serial->state == AQ_SERIAL_NAMED;
    return next(serial, AQ_SERIAL_STARTING, line.data, err);
}

/* What is before us when it is quiet: a login, or something that may be a shell. */
static int look(struct aq_serial *serial, struct aq_error *err)
{
    if (!is_quiet(serial))
        return 0;
    bool refused = serial->state == AQ_SERIAL_PASSED && ends_with(serial, "login:");
    if (refused)
        return aq_fail(err, AQ_E_CONSOLE_LOGIN_REFUSED, "the console does not let %s in with that password",
                       user_of(serial));
    if (ends_with(serial, "login:"))
        return type_name(serial, err);
    if (ends_with(serial, "password:"))
        return serial->state == AQ_SERIAL_NAMED ? type_password(serial, err)
                                                : next(serial, AQ_SERIAL_LOOKING, "\r", err);
    if (ends_with(serial, "#") || ends_with(serial, "$") || ends_with(serial, ">") || ends_with(serial, "%"))
        return start_loop(serial, err);
    if (serial->state == AQ_SERIAL_LOOKING && is_time_again(serial, AGAIN_MS))
        return next(serial, AQ_SERIAL_LOOKING, "\r", err);
    return 0;
}

static int await_loop(struct aq_serial *serial, struct aq_error *err)
{
    aq_autofree char *sign = aq_format("\n@%s begun", serial->mark);
    if (strstr(aq_buffer_text(&serial->in), sign) != NULL) {
        serial->state = AQ_SERIAL_PREPARING;
        return 0;
    }
    if (is_time_again(serial, STARTING_MS)) /* that was no shell's prompt */
        return next(serial, AQ_SERIAL_LOOKING, "\r", err);
    return 0;
}

/* A few questions, each of which is answered at once. */
static int prepare(struct aq_serial *serial, struct aq_error *err)
{
    for (size_t i = 0; i < sizeof preparations / sizeof *preparations; i++) {
        aq_autobuffer struct aq_buffer answer = {0};
        aq_autofree char *line = aq_format("%s%s", preparations[i], i == 1 ? "" : ";a ok");
        if (aq_serial_ask(serial, line, &answer, aq_after_ms(TYPE_MS), err) < 0)
            return -1;
        if (strncmp(aq_buffer_text(&answer), "ok", 2) != 0)
            return aq_fail(err, AQ_E_GUEST_REFUSED, "in the guest: no folder can be made in /tmp");
    }
    snprintf(serial->folder, sizeof serial->folder, "/tmp/.address-qemu-%s", serial->mark);
    serial->state = AQ_SERIAL_READY;
    return 1;
}

int aq_serial_greet(struct aq_channel *channel, struct aq_error *err)
{
    struct aq_serial *serial = (struct aq_serial *)channel;
    if (serial->state == AQ_SERIAL_READY)
        return 1;
    if (listen_in(serial, err) < 0)
        return -1;
    if (serial->state == AQ_SERIAL_STARTING && await_loop(serial, err) < 0)
        return -1;
    if (serial->state == AQ_SERIAL_PREPARING)
        return prepare(serial, err);
    return serial->state < AQ_SERIAL_STARTING ? look(serial, err) : 0;
}

int aq_serial_verdict(const struct aq_channel *channel, struct aq_error *err)
{
    const struct aq_serial *serial = (const struct aq_serial *)channel;
    static const char *const where[] = {
        [AQ_SERIAL_LOOKING] = "no login and no shell's prompt has come on the console",
        [AQ_SERIAL_NAMED] = "the console has taken the user's name, and then fallen silent",
        [AQ_SERIAL_PASSED] = "the console has taken the password, and then fallen silent",
        [AQ_SERIAL_STARTING] = "what looks like a shell's prompt on the console runs no commands",
        [AQ_SERIAL_PREPARING] = "the shell on the console has fallen silent",
        [AQ_SERIAL_READY] = "",
    };
    return aq_fail(err, AQ_E_GUEST_NOT_READY, "%s; a guest needs a getty or a shell on its first serial port",
                   where[serial->state]);
}

void aq_serial_leave(struct aq_serial *serial)
{
    struct aq_error ignored = {0};
    aq_interrupt_hold();
    if (serial->state >= AQ_SERIAL_STARTING) {
        aq_autofree char *line = aq_format("\nrm -rf /tmp/.address-qemu-%s;break\n%s", serial->mark,
                                           serial->logged_in ? "exit\r" : "");
        type_text(serial, line, &ignored);
    }
    if (serial->state == AQ_SERIAL_PASSED) /* whatever has been let in: an end of input logs out */
        type_text(serial, "\004", &ignored);
    aq_interrupt_release();
    serial->state = AQ_SERIAL_LOOKING;
    serial->logged_in = false;
    serial->typed_at = 0;
    aq_buffer_clear(&serial->in);
}
