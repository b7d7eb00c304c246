#include "sandbox/filter.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const unsigned stream_requests[] = {FIONBIO, FIONREAD};
static const unsigned terminal_requests[] = {TCGETS, TCSETS, TCSETSW, TCSETSF, TCFLSH, TCSBRK, TIOCGWINSZ, TIOCGPGRP};
static const unsigned descriptor_commands[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC};

/* Only with one of these values as the second argument. */
static int add_choice(scmp_filter_ctx filter, int number, const unsigned *values, size_t count)
{
	int failure = 0;

	for (size_t i = 0; i < count && failure == 0; i++)
		failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1_32(SCMP_CMP_EQ, values[i], 0));
	return failure;
}

/* F_SETOWN and F_SETSIG with O_ASYNC would have the kernel send any signal to any process of the user. */
static int add_descriptor_rules(scmp_filter_ctx filter, int number)
{
	int failure = seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, number, 2, SCMP_A1_32(SCMP_CMP_EQ, F_SETFL, 0), SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_ASYNC, 0));

	return failure != 0 ? failure : add_choice(filter, number, descriptor_commands, COUNT(descriptor_commands));
}

static int add_rule(scmp_filter_ctx filter, const struct sandbox_rule *rule)
{
	switch (rule->kind) {
	case SANDBOX_ANY:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 0);
	case SANDBOX_NO_EXEC:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	case SANDBOX_TERMINAL:
		return add_choice(filter, rule->number, terminal_requests, COUNT(terminal_requests));
	case SANDBOX_STREAM:
		return add_choice(filter, rule->number, stream_requests, COUNT(stream_requests));
	case SANDBOX_DESCRIPTOR:
		return add_descriptor_rules(filter, rule->number);
	case SANDBOX_SEND:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 1, SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
	case SANDBOX_SEND_TO:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 2, SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0),
		    SCMP_A4(SCMP_CMP_EQ, 0, 0));
	case SANDBOX_SEND_MESSAGE:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
	case SANDBOX_UNIX_SOCKET:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->number, 1, SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX, 0));
	case SANDBOX_ONLY_SELF:
		return seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, rule->number, 1, SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	}
	return -EINVAL;
}

static int add_rules(scmp_filter_ctx filter, const struct sandbox_rule *rules, size_t count)
{
	int failure = 0;

	for (size_t i = 0; i < count && failure == 0; i++)
		if (rules[i].number >= 0)
			failure = add_rule(filter, &rules[i]);
	return failure;
}

int sandbox_filter_enter(const struct sandbox_profile *profile)
{
	scmp_filter_ctx filter = seccomp_init(profile->forgiving ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_KILL_PROCESS);
	int failure;

	if (filter == NULL)
		return ENOMEM;
	failure = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* System calls of another architecture (int 0x80, x32) end the whole process, too, not only the thread as is the default. */
	if (failure == 0)
		failure = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A sorted tree instead of a list: fewer steps for each system call. */
	if (failure == 0)
		failure = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (failure == 0 && !profile->nothing_common)
		failure = add_rules(filter, sandbox_common_rules, sandbox_common_rule_count);
	if (failure == 0)
		failure = add_rules(filter, profile->rules, profile->rule_count);
	if (failure == 0)
		failure = seccomp_load(filter);
	seccomp_release(filter);
	return -failure;
}
