/* The terminals as JSON, for `holder list`. */
#ifndef HOLDER_LISTING_H
#define HOLDER_LISTING_H

#include "bytes.h"

void list_terminals(struct bytes *out);

#endif
