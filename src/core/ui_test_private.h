/* ui_test_private: inside of ui_test: the list of steps, how a step's questions are made and how their answers are judged. */
#ifndef CLEF_CORE_UI_TEST_PRIVATE_H
#define CLEF_CORE_UI_TEST_PRIVATE_H

#include "base/memory.h"
#include "core/ui_link.h"

enum ui_test_kind {
	UI_TEST_TRANSACTION,   /* content: the argument of account_signTransaction */
	UI_TEST_MESSAGE,       /* content: the text */
	UI_TEST_TYPED_DATA,    /* content: the document */
	UI_TEST_SAFE,          /* content: the argument of account_signGnosisSafeTx */
	UI_TEST_AUTHORIZATION, /* content: the argument of account_signAuthorization */
	UI_TEST_BULK,          /* content: the argument of account_bulkSignTransactions */
	UI_TEST_LISTING,
	UI_TEST_NEW_ACCOUNT,
	UI_TEST_INPUT,   /* content: the text that is to be typed */
	UI_TEST_PASSWORD /* the same */
};

enum ui_test_wanted {
	UI_TEST_APPROVE,    /* unchanged; of a listing: all accounts */
	UI_TEST_DENY,       /* of a listing: none, null or an error */
	UI_TEST_FIRST_ONLY, /* of a listing: the first account alone */
	UI_TEST_TYPE,       /* content is typed */
	UI_TEST_NOTHING     /* the question is withdrawn before anybody answers */
};

struct ui_test_question {
	enum ui_test_kind kind;
	enum ui_test_wanted wanted;
	const char *content;
	const char *instruction; /* for the person */
};

#define UI_TEST_QUESTIONS_MOST 2

struct ui_test_step {
	const char *name;
	/* Sent before the questions, or NULL: a notification and its argument. */
	const char *notify_method, *notify_params;
	struct ui_test_question questions[UI_TEST_QUESTIONS_MOST]; /* asked at once */
	size_t count;
};

extern const struct ui_test_step ui_test_steps[];
extern const size_t ui_test_step_count;

/* The accounts of made-up listings, as JSON: two of them, and the first alone. */
#define UI_TEST_FIRST  "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define UI_TEST_SECOND "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"
extern const char ui_test_accounts[];

/* What a question says besides its content. */
struct ui_test_frame {
	const char *request_id;
	long long expires_at;
	size_t step, steps; /* "step 3 of 20" */
};

const char *ui_test_method(enum ui_test_kind kind);
/* Append the question's argument. False when the step's own content is wrong, which the unit test excludes. */
bool ui_test_put_params(const struct ui_test_question *question, const struct ui_test_frame *frame, struct buf *ret_params);
/* Is this the answer that was wanted? False: *ret_error says what was expected and what was found. */
bool ui_test_judge(const struct ui_test_question *question, const struct ui_answer *answer, struct error *ret_error);
/* The same for a password that came by the descriptor of --secret-fd. */
bool ui_test_judge_text(const struct ui_test_question *question, struct bytes untrusted_text, struct error *ret_error);

#endif
