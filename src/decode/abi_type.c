/* Reading a method's signature. */
#include <string.h>

#include "base/text.h"
#include "decode/abi.h"
#include "eth/keccak.h"

#define WORD 32
/* Of a signature in an error. */
#define SHOWN_MAX 100

struct parser {
	struct bytes text;
	size_t at;
	struct arena *arena;
	struct error *ret_error;
};

/* The text comes from a caller, and the error goes to the person, too. */
static bool refuse(struct parser *parser, const char *expected)
{
	BUF_CLEANUP struct buf shown = BUF_INIT(SHOWN_MAX + 64);

	text_escape_quoted(parser->text, SHOWN_MAX, &shown);
	return error_set(parser->ret_error, ERROR_REFUSED, "the signature \"%s\" is not understood: expected %s at byte %zu",
	    buf_text(&shown), expected, parser->at + 1);
}

static uint8_t peek(const struct parser *parser)
{
	return parser->at < parser->text.size ? parser->text.data[parser->at] : 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

/* Decimal digits up to `most`, without leading zeros; 0 when there is no such number. */
static size_t read_number(struct bytes digits, size_t most)
{
	size_t number = 0;

	if (digits.size == 0 || digits.data[0] == '0')
		return 0;
	for (size_t i = 0; i < digits.size; i++) {
		if (!is_digit(digits.data[i]))
			return 0;
		number = number * 10 + (size_t)(digits.data[i] - '0');
		if (number > most)
			return 0;
	}
	return number;
}

/* The part of `word` behind `prefix`, if it begins so and more follows. */
static bool split(struct bytes word, const char *prefix, struct bytes *ret_rest)
{
	size_t size = strlen(prefix);

	if (word.size <= size || memcmp(word.data, prefix, size) != 0)
		return false;
	*ret_rest = bytes_of(word.data + size, word.size - size);
	return true;
}

static bool set_number_type(struct abi_type *type, enum abi_kind kind, struct bytes bits)
{
	size_t count = read_number(bits, 256);

	type->kind = kind;
	type->bits = (unsigned)count;
	return count > 0 && count % 8 == 0;
}

static bool set_elementary(struct abi_type *type, struct bytes word)
{
	static const struct {
		const char *name;
		enum abi_kind kind;
		bool dynamic;
	} words[] = {{"address", ABI_ADDRESS, false}, {"bool", ABI_BOOL, false}, {"function", ABI_FUNCTION, false},
	    {"bytes", ABI_BYTES, true}, {"string", ABI_STRING, true}};
	struct bytes rest;

	type->head_size = WORD;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (bytes_equal_text(word, words[i].name)) {
			type->kind = words[i].kind;
			type->dynamic = words[i].dynamic;
			return true;
		}
	}
	if (split(word, "uint", &rest))
		return set_number_type(type, ABI_UINT, rest);
	if (split(word, "int", &rest))
		return set_number_type(type, ABI_INT, rest);
	if (!split(word, "bytes", &rest))
		return false;
	type->kind = ABI_FIXED_BYTES;
	type->count = read_number(rest, WORD);
	return type->count > 0;
}

static bool parse_elementary(struct parser *parser, struct abi_type *type)
{
	size_t begin = parser->at;

	while (is_letter(peek(parser)) || is_digit(peek(parser)))
		parser->at++;
	if (set_elementary(type, bytes_of(parser->text.data + begin, parser->at - begin)))
		return true;
	parser->at = begin;
	return refuse(parser, "a type");
}

/* Turn the type that was read into the element of an array: "[]" or "[count]". */
static bool parse_array_suffix(struct parser *parser, struct abi_type *type)
{
	size_t begin = ++parser->at;
	struct abi_type *element = arena_alloc(parser->arena, sizeof(*element));

	while (is_digit(peek(parser)))
		parser->at++;
	struct bytes digits = bytes_of(parser->text.data + begin, parser->at - begin);
	if (peek(parser) != ']')
		return refuse(parser, "]");
	parser->at++;
	*element = *type;
	memset(type, 0, sizeof(*type));
	type->items = element;
	type->depth = element->depth + 1;
	type->kind = digits.size == 0 ? ABI_ARRAY : ABI_FIXED_ARRAY;
	type->dynamic = digits.size == 0 || element->dynamic;
	type->head_size = WORD;
	if (digits.size == 0)
		return true;
	type->count = read_number(digits, ABI_HEAD_MAX / WORD);
	if (type->count == 0 || type->count > ABI_HEAD_MAX / element->head_size)
		return refuse(parser, "a smaller array");
	if (!type->dynamic)
		type->head_size = type->count * element->head_size;
	return true;
}

static bool parse_tuple(struct parser *parser, unsigned outer, struct abi_type *type);

/* `outer` arrays and tuples are around it. */
static bool parse_type(struct parser *parser, unsigned outer, struct abi_type *type)
{
	size_t begin = parser->at;

	memset(type, 0, sizeof(*type));
	if (!(peek(parser) == '(' ? parse_tuple(parser, outer, type) : parse_elementary(parser, type)))
		return false;
	type->text = bytes_of(parser->text.data + begin, parser->at - begin);
	while (peek(parser) == '[') {
		if (outer + type->depth >= ABI_DEPTH_MAX)
			return refuse(parser, "fewer types inside each other");
		if (!parse_array_suffix(parser, type))
			return false;
		type->text = bytes_of(parser->text.data + begin, parser->at - begin);
	}
	return true;
}

static void add_member(struct abi_type *tuple, const struct abi_type *member)
{
	tuple->dynamic = tuple->dynamic || member->dynamic;
	tuple->head_size += member->head_size;
	if (member->depth + 1 > tuple->depth)
		tuple->depth = member->depth + 1;
}

/* Parentheses around at least one type; `type` comes zeroed. Members are counted first by being read into a list that grows. */
static bool parse_tuple(struct parser *parser, unsigned outer, struct abi_type *type)
{
	size_t capacity = 0;

	type->kind = ABI_TUPLE;
	if (outer >= ABI_DEPTH_MAX)
		return refuse(parser, "fewer types inside each other");
	do {
		parser->at++;
		if (type->count == capacity) {
			capacity = capacity == 0 ? 4 : 2 * capacity;
			struct abi_type *more = arena_array(parser->arena, capacity, sizeof(*more));
			if (type->count > 0)
				memcpy(more, type->items, type->count * sizeof(*more));
			type->items = more;
		}
		if (!parse_type(parser, outer + 1, &type->items[type->count]))
			return false;
		add_member(type, &type->items[type->count++]);
		if (type->head_size > ABI_HEAD_MAX)
			return refuse(parser, "a smaller tuple");
	} while (peek(parser) == ',');
	if (peek(parser) != ')')
		return refuse(parser, "\",\" or \")\"");
	parser->at++;
	/* Inside another type a dynamic tuple is one offset; for its own members' heads it does not matter. */
	if (type->dynamic)
		type->head_size = WORD;
	return true;
}

static bool parse_inputs(struct parser *parser, struct abi_type *inputs)
{
	memset(inputs, 0, sizeof(*inputs));
	inputs->kind = ABI_TUPLE;
	if (peek(parser) != '(')
		return refuse(parser, "(");
	size_t begin = parser->at;
	if (parser->at + 1 < parser->text.size && parser->text.data[parser->at + 1] == ')')
		parser->at += 2;
	else if (!parse_tuple(parser, 0, inputs))
		return false;
	inputs->text = bytes_of(parser->text.data + begin, parser->at - begin);
	return parser->at == parser->text.size || refuse(parser, "the end");
}

bool abi_parse_method(
    struct bytes untrusted_signature, struct arena *arena, struct abi_method *ret_method, struct error *ret_error)
{
	struct parser parser = {.arena = arena, .ret_error = ret_error};
	uint8_t digest[KECCAK256_SIZE];

	if (untrusted_signature.size > ABI_SIGNATURE_MAX)
		return error_set(ret_error, ERROR_REFUSED, "the signature is longer than %d bytes", ABI_SIGNATURE_MAX);
	parser.text = arena_copy(arena, untrusted_signature);
	if (!is_letter(peek(&parser)))
		return refuse(&parser, "a name");
	while (is_letter(peek(&parser)) || is_digit(peek(&parser)))
		parser.at++;
	ret_method->name = bytes_of(parser.text.data, parser.at);
	if (!parse_inputs(&parser, &ret_method->inputs))
		return false;
	ret_method->signature = parser.text;
	keccak256(parser.text, digest);
	memcpy(ret_method->selector, digest, sizeof(ret_method->selector));
	return true;
}
