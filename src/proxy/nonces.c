#include "proxy/nonces.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/memory.h"

struct line {
	TAILQ_ENTRY(line) link;
	struct nonces *nonces;
	struct address account;
	bool has_last;
	struct nonces_sent last;
	bool has_chosen;
	uint64_t chosen_first;     /* the run of numbers of the dapp's: from here … */
	struct nonces_sent chosen; /* … to here */
	size_t size;
	TAILQ_HEAD(place_list, nonces_place) places;
};

struct nonces_place {
	TAILQ_ENTRY(nonces_place) link;
	struct line *line;
	nonces_turn *turn;
	void *context;
};

struct nonces {
	size_t count;
	TAILQ_HEAD(line_list, line) lines; /* the least recently used first */
};

struct nonces *nonces_new(void)
{
	struct nonces *nonces = memory_new(1, sizeof(*nonces));

	TAILQ_INIT(&nonces->lines);
	return nonces;
}

static void line_free(struct line *line)
{
	struct nonces_place *place;

	while ((place = TAILQ_FIRST(&line->places)) != NULL) {
		TAILQ_REMOVE(&line->places, place, link);
		free(place);
	}
	TAILQ_REMOVE(&line->nonces->lines, line, link);
	line->nonces->count--;
	free(line);
}

void nonces_free(struct nonces *nonces)
{
	if (nonces == NULL)
		return;
	while (!TAILQ_EMPTY(&nonces->lines))
		line_free(TAILQ_FIRST(&nonces->lines));
	free(nonces);
}

static struct line *find_line(struct nonces *nonces, const struct address *account)
{
	struct line *line;

	TAILQ_FOREACH(line, &nonces->lines, link)
	{
		if (address_equal(&line->account, account))
			return line;
	}
	return NULL;
}

/* Calls are limited, so there is always a line that nobody stands in. */
static void make_room(struct nonces *nonces)
{
	struct line *line;

	TAILQ_FOREACH(line, &nonces->lines, link)
	{
		if (line->size == 0) {
			line_free(line);
			return;
		}
	}
}

static struct line *line_new(struct nonces *nonces, const struct address *account)
{
	struct line *line = memory_new(1, sizeof(*line));

	if (nonces->count >= NONCES_ACCOUNTS_MAX)
		make_room(nonces);
	line->nonces = nonces;
	line->account = *account;
	TAILQ_INIT(&line->places);
	TAILQ_INSERT_TAIL(&nonces->lines, line, link);
	nonces->count++;
	return line;
}

struct nonces_place *nonces_enter(
    struct nonces *nonces, const struct address *account, nonces_turn *turn, void *context, struct error *ret_error)
{
	struct line *line = find_line(nonces, account);
	struct nonces_place *place;

	if (line == NULL)
		line = line_new(nonces, account);
	if (line->size >= NONCES_LINE_MAX) {
		error_set(
		    ret_error, ERROR_REFUSED, "%d transactions of this account wait already; try again later", NONCES_LINE_MAX);
		return NULL;
	}
	TAILQ_REMOVE(&nonces->lines, line, link);
	TAILQ_INSERT_TAIL(&nonces->lines, line, link);
	place = memory_new(1, sizeof(*place));
	place->line = line;
	place->turn = turn;
	place->context = context;
	TAILQ_INSERT_TAIL(&line->places, place, link);
	if (line->size++ == 0)
		turn(context);
	return place;
}

void nonces_leave(struct nonces_place *place)
{
	struct nonces_place *next;
	struct line *line;

	if (place == NULL)
		return;
	line = place->line;
	bool was_first = TAILQ_FIRST(&line->places) == place;
	TAILQ_REMOVE(&line->places, place, link);
	free(place);
	line->size--;
	next = TAILQ_FIRST(&line->places);
	if (next == NULL && !line->has_last && !line->has_chosen)
		line_free(line);
	else if (next != NULL && was_first)
		next->turn(next->context);
}

/* The number that comes next is one that the dapp has used itself. */
static bool runs_into_chosen(const struct line *line, uint64_t next)
{
	return line->has_chosen && next >= line->chosen_first && next <= line->chosen.nonce;
}

bool nonces_last(struct nonces_place *place, uint64_t pending, struct nonces_sent *ret_sent)
{
	struct line *line = place->line;
	bool has = line->has_last && line->last.nonce >= pending;

	if (runs_into_chosen(line, has ? line->last.nonce + 1 : pending)) {
		line->last = line->chosen;
		line->has_last = has = true;
		line->has_chosen = false;
	}
	if (has)
		*ret_sent = line->last;
	return has;
}

/* The next one, or another one with the same number. */
static bool follows(bool has, const struct nonces_sent *last, uint64_t nonce)
{
	return has && nonce >= last->nonce && nonce - last->nonce <= 1;
}

void nonces_sent(struct nonces_place *place, const struct nonces_sent *sent, bool assigned)
{
	struct line *line = place->line;

	if (assigned || follows(line->has_last, &line->last, sent->nonce)) {
		line->has_last = true;
		line->last = *sent;
		return;
	}
	if (!follows(line->has_chosen, &line->chosen, sent->nonce))
		line->chosen_first = sent->nonce;
	line->has_chosen = true;
	line->chosen = *sent;
}

bool nonces_forget(struct nonces_place *place, uint64_t now_ms)
{
	struct line *line = place->line;

	if (!line->has_last || now_ms < line->last.at_ms || now_ms - line->last.at_ms <= NONCES_KEPT_MS)
		return false;
	line->has_last = false;
	return true;
}
