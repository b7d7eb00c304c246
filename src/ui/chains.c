#include "ui/chains.h"

#include <stddef.h>

static const struct chain chains[] = {
    {1, "Ethereum Mainnet", "ETH"},
    {10, "OP Mainnet (Optimism)", "ETH"},
    {56, "BNB Smart Chain", "BNB"},
    {100, "Gnosis", "xDAI"},
    {137, "Polygon", "POL"},
    {324, "ZKsync Era", "ETH"},
    {8453, "Base", "ETH"},
    {17000, "Holesky (test network)", "ETH"},
    {42161, "Arbitrum One", "ETH"},
    {43114, "Avalanche C-Chain", "AVAX"},
    {59144, "Linea", "ETH"},
    {534352, "Scroll", "ETH"},
    {560048, "Hoodi (test network)", "ETH"},
    {11155111, "Sepolia (test network)", "ETH"},
};

const struct chain *chains_find(uint64_t id)
{
	for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++)
		if (chains[i].id == id)
			return &chains[i];
	return NULL;
}
