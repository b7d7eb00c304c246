#include "server/vhosts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server/http_lex.h"

void vhosts_parse(struct bytes list, struct vhosts *ret_vhosts)
{
	size_t capacity = 0;
	struct bytes name;

	*ret_vhosts = (struct vhosts){.text = memory_text(list)};
	list.data = (const uint8_t *)ret_vhosts->text;
	while (http_next_item(&list, ',', &name)) {
		memory_grow((void **)&ret_vhosts->name, &capacity, ret_vhosts->count + 1, sizeof *ret_vhosts->name);
		ret_vhosts->name[ret_vhosts->count++] = name;
		ret_vhosts->any = ret_vhosts->any || bytes_equal_text(name, "*");
	}
}

void vhosts_free(struct vhosts *vhosts)
{
	free(vhosts->text);
	free(vhosts->name);
	*vhosts = (struct vhosts){0};
}

static bool is_address(struct bytes host)
{
	char text[INET6_ADDRSTRLEN + 1];
	uint8_t address[16];

	if (host.size >= sizeof text || memchr(host.data, 0, host.size) != NULL)
		return false;
	memcpy(text, host.data, host.size);
	text[host.size] = 0;
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* At most five digits. None is a port too: "localhost:" means the default. */
static bool is_port(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!http_is_digit(text.data[i]))
			return false;
	}
	return text.size <= 5;
}

/* "[address]" or "[address]:port": the address, and *ret_bracketed. False when a bracket is out of place. */
static bool split_brackets(struct bytes host, struct bytes *ret_name)
{
	const uint8_t *close = memchr(host.data, ']', host.size);

	if (close == NULL)
		return false;
	size_t inside = (size_t)(close - host.data) - 1;
	struct bytes rest = bytes_of(close + 1, host.size - inside - 2);
	*ret_name = bytes_of(host.data + 1, inside);
	return rest.size == 0 || (rest.data[0] == ':' && is_port(bytes_of(rest.data + 1, rest.size - 1)));
}

static bool is_listed(const struct vhosts *vhosts, struct bytes name)
{
	for (size_t i = 0; i < vhosts->count; i++) {
		if (http_equal_nocase(vhosts->name[i], name))
			return true;
	}
	return false;
}

bool vhosts_allow(const struct vhosts *vhosts, struct bytes untrusted_host)
{
	struct bytes name = untrusted_host;

	if (vhosts->any || name.size == 0)
		return true;
	if (name.data[0] == '[')
		return split_brackets(untrusted_host, &name) && is_address(name);
	if (is_address(name))
		return true;
	const uint8_t *colon = memchr(name.data, ':', name.size);
	if (colon != NULL) {
		size_t size = (size_t)(colon - name.data);
		if (!is_port(bytes_of(colon + 1, name.size - size - 1)))
			return false;
		name.size = size;
	}
	return name.size > 0 && (is_address(name) || is_listed(vhosts, name));
}

bool vhosts_is_loopback(struct bytes untrusted_host)
{
	const struct vhosts none = {0};
	struct bytes name = untrusted_host;
	struct in_addr address;
	char text[INET_ADDRSTRLEN + 1];

	if (name.size > 0 && name.data[0] == '[')
		return split_brackets(untrusted_host, &name) && bytes_equal_text(name, "::1");
	const uint8_t *colon = name.size > 0 ? memchr(name.data, ':', name.size) : NULL;
	if (colon != NULL)
		name.size = (size_t)(colon - name.data);
	if (colon != NULL && !is_port(bytes_of(colon + 1, untrusted_host.size - name.size - 1)))
		return false;
	if (bytes_equal_text_nocase(name, "localhost"))
		return true;
	/* vhosts_allow() passes an address, and nothing that inet_pton() would read up to a 0. */
	if (name.size == 0 || name.size >= sizeof text || !vhosts_allow(&none, name))
		return false;
	memcpy(text, name.data, name.size);
	text[name.size] = 0;
	return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}
