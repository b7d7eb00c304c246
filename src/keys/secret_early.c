#include "keys/secret_early.h"

static bool is_done(const struct secret_early *early, uint64_t question)
{
	size_t count = early->done_count < SECRET_EARLY_DONE ? early->done_count : SECRET_EARLY_DONE;

	for (size_t i = 0; i < count; i++) {
		if (early->done[i] == question)
			return true;
	}
	return false;
}

/* Where the question is kept; SECRET_EARLY_MOST: nowhere. */
static size_t find(const struct secret_early *early, uint64_t question)
{
	size_t i = 0;

	while (i < SECRET_EARLY_MOST && (early->kept[i].secret.data == NULL || early->kept[i].question != question))
		i++;
	return i;
}

/* A free place, or that of the oldest, which is wiped. */
static size_t find_room(struct secret_early *early)
{
	size_t oldest = 0;

	for (size_t i = 0; i < SECRET_EARLY_MOST; i++) {
		if (early->kept[i].secret.data == NULL)
			return i;
		if (early->kept[i].until < early->kept[oldest].until)
			oldest = i;
	}
	secret_release(&early->kept[oldest].secret);
	return oldest;
}

bool secret_early_put(struct secret_early *early, struct secret_arena *arena, uint64_t question, struct bytes text, uint64_t now)
{
	struct error error;

	if (is_done(early, question))
		return false;
	size_t i = find(early, question);
	if (i == SECRET_EARLY_MOST)
		i = find_room(early);
	secret_release(&early->kept[i].secret);
	if (!secret_take(arena, &early->kept[i].secret, &error))
		return false;
	if (!secret_set(&early->kept[i].secret, text)) {
		secret_release(&early->kept[i].secret);
		return false;
	}
	early->kept[i].question = question;
	early->kept[i].until = now + SECRET_EARLY_KEEP_S;
	return true;
}

bool secret_early_take(struct secret_early *early, uint64_t question, struct secret *ret_secret)
{
	size_t i = find(early, question);

	if (i == SECRET_EARLY_MOST)
		return false;
	*ret_secret = early->kept[i].secret;
	early->kept[i].secret = (struct secret){0};
	return true;
}

void secret_early_done(struct secret_early *early, uint64_t question)
{
	size_t i = find(early, question);

	if (i < SECRET_EARLY_MOST)
		secret_release(&early->kept[i].secret);
	if (!is_done(early, question))
		early->done[early->done_count++ % SECRET_EARLY_DONE] = question;
}

uint64_t secret_early_expire(struct secret_early *early, uint64_t now)
{
	uint64_t next = 0;

	for (size_t i = 0; i < SECRET_EARLY_MOST; i++) {
		uint64_t until = early->kept[i].until;
		if (early->kept[i].secret.data == NULL)
			continue;
		if (until <= now)
			secret_release(&early->kept[i].secret);
		else if (next == 0 || until < next)
			next = until;
	}
	return next;
}

void secret_early_wipe(struct secret_early *early)
{
	for (size_t i = 0; i < SECRET_EARLY_MOST; i++)
		secret_release(&early->kept[i].secret);
}
