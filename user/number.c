/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See number.h.
 *
 * Two kinds of readers are served. Most round a decimal correctly. Perfetto adds up the digits before and
 * after the point in an int64 each and puts them together in floating point:
 *
 *	(before + after / 10^n) * 10^e, or / 10^-e
 *
 * which overflows with a long fraction and rounds up to four times. So the fraction stays short, and of
 * several ways to write the same digits (37.5e-2, 3.75e-1) one is taken for which these roundings cancel out,
 * if there is one.
 */
#include "number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POW10_EXACT 22   /* 10^22 is the last power of ten that is exact in a double */
#define PLAIN_FRACTION 9 /* longest fraction in plain notation: longer ones are no short decimals */
#define TWO_53 9007199254740992.0

static const double pow10_double[POW10_EXACT + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

static int count_digits(uint64_t value)
{
	for (int n = 0;; n += 4, value /= 10000) {
		if (value < 10)
			return n + 1;
		if (value < 100)
			return n + 2;
		if (value < 1000)
			return n + 3;
		if (value < 10000)
			return n + 4;
	}
}

/* From the last digit to the first, in their place: made elsewhere and moved, they would have to be read
 * back before they are written. */
char *number__uint(char *p, uint64_t value)
{
	char *const end = p + count_digits(value);

	for (p = end; value >= 100; value /= 100) {
		p -= 2;
		memcpy(p, digit_pairs + 2 * (value % 100), 2);
	}
	if (value >= 10)
		memcpy(p - 2, digit_pairs + 2 * value, 2);
	else
		p[-1] = (char)('0' + value);
	return end;
}

/* Exactly `size` digits. */
static char *put_digits(char *p, uint64_t value, int size)
{
	for (int i = size - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + size;
}

static uint64_t pow10_int(int n)
{
	uint64_t power = 1;

	while (n-- > 0)
		power *= 10;
	return power;
}

/* digits * 10^exponent, written with `fraction` of the digits behind the point. */
struct notation {
	uint64_t before, after;
	int fraction;
	int exponent;
};

static struct notation notation_of(uint64_t digits, int exponent, int fraction)
{
	uint64_t divisor = pow10_int(fraction);

	return (struct notation){digits / divisor, digits % divisor, fraction, exponent + fraction};
}

/* Does Perfetto read `value`? Not known for exponents of which the power is not exact: false. */
static bool is_read_as(const struct notation *n, double value)
{
	double read = (double)n->before;

	if (n->exponent < -POW10_EXACT || n->exponent > POW10_EXACT)
		return false;
	if (n->fraction)
		read += (double)n->after / pow10_double[n->fraction];
	if (n->exponent < 0)
		read /= pow10_double[-n->exponent];
	else
		read *= pow10_double[n->exponent];
	return read == value;
}

static char *put_notation(char *p, const struct notation *n)
{
	p = number__uint(p, n->before);
	if (n->fraction) {
		*p++ = '.';
		p = put_digits(p, n->after, n->fraction);
	}
	if (n->exponent) {
		*p++ = 'e';
		if (n->exponent < 0)
			*p++ = '-';
		p = number__uint(p, (uint64_t)abs(n->exponent));
	} else if (!n->fraction) {
		*p++ = '.';
		*p++ = '0';
	}
	return p;
}

/* Do the digits stand for `value`, correctly rounded? */
static bool is_decimal_of(uint64_t digits, int exponent, double value)
{
	char text[NUMBER_DOUBLE_MAX];

	/* Both are exact then, and the only rounding is the right one. */
	if (digits <= (uint64_t)TWO_53 && exponent >= -POW10_EXACT && exponent <= POW10_EXACT) {
		if (exponent < 0)
			return (double)digits / pow10_double[-exponent] == value;
		return (double)digits * pow10_double[exponent] == value;
	}
	snprintf(text, sizeof(text), "%llue%d", (unsigned long long)digits, exponent);
	return strtod(text, NULL) == value;
}

/* The shortest of the decimals with 15, 16 and 17 digits that is `value`. */
static void shortest_decimal(double value, uint64_t *ret_digits, int *ret_exponent)
{
	char text[NUMBER_DOUBLE_MAX];
	uint64_t digits = 0, shorter;
	int exponent;

	snprintf(text, sizeof(text), "%.16e", value);
	/* One digit, the locale's point, 16 digits, "e", exponent. */
	for (const char *c = text; *c != 'e'; c++) {
		if (*c >= '0' && *c <= '9')
			digits = digits * 10 + (uint64_t)(*c - '0');
	}
	exponent = atoi(strchr(text, 'e') + 1) - 16;

	for (int cut = 2; cut > 0; cut--) {
		shorter = (digits + pow10_int(cut) / 2) / pow10_int(cut);
		if (is_decimal_of(shorter, exponent + cut, value)) {
			digits = shorter;
			exponent += cut;
			break;
		}
	}
	while (digits % 10 == 0) {
		digits /= 10;
		exponent++;
	}
	*ret_digits = digits;
	*ret_exponent = exponent;
}

/* A positive number with few digits after the point, which is what most are in practice. NULL if it is
 * none. */
static char *put_short(char *p, double value)
{
	struct notation n;
	double scaled;

	if (value < TWO_53 && value == (double)(uint64_t)value) {
		n = (struct notation){.before = (uint64_t)value};
		return put_notation(p, &n);
	}
	for (int fraction = 1; fraction <= PLAIN_FRACTION; fraction++) {
		scaled = value * pow10_double[fraction];
		if (scaled >= TWO_53)
			break;
		scaled = (double)(uint64_t)(scaled + 0.5);
		/* Numerator and denominator are exact, so this is what a correct reader does. */
		if (scaled / pow10_double[fraction] != value)
			continue;
		n = notation_of((uint64_t)scaled, -fraction, fraction);
		return is_read_as(&n, value) ? put_notation(p, &n) : NULL;
	}
	return NULL;
}

char *number__double(char *p, double value)
{
	struct notation n, best;
	int exponent, size = 1;
	uint64_t digits;
	char *end;

	if (signbit(value)) {
		*p++ = '-';
		value = -value;
	}
	end = put_short(p, value);
	if (end)
		return end;

	shortest_decimal(value, &digits, &exponent);
	while (size < 17 && digits >= pow10_int(size))
		size++;
	/* The usual form has one digit before the point. Anything else only where it helps. */
	best = notation_of(digits, exponent, size - 1);
	for (int fraction = size - 1; fraction >= 0; fraction--) {
		n = notation_of(digits, exponent, fraction);
		if (is_read_as(&n, value)) {
			best = n;
			break;
		}
	}
	return put_notation(p, &best);
}
