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
	static const uint64_t powers[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	};

	return powers[n];
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

	return (struct notation){ digits / divisor, digits % divisor, fraction, exponent + fraction };
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

__extension__ typedef unsigned __int128 wide;

static wide wide_pow10(int n)
{
	return n > 17 ? (wide)pow10_int(17) * pow10_int(n - 17) : (wide)pow10_int(n);
}

/*
 * A number by integers alone:
 *
 *	value           = mantissa / 2^shift, with a mantissa of 53 bits
 *	value * 10^p    = digits + rest / 2^shift, with 17 digits
 *	step            = 10^p, from one mantissa to the next, in the rest's units
 */
struct exact {
	uint64_t digits;
	wide rest, step;
	int shift, p;
};

/* False: `value` is not between about 1e-6, from where on all of it has up to 126 bits, and 2^53. */
static bool make_exact(double value, struct exact *ret)
{
	uint64_t bits, mantissa;
	struct exact e;
	wide scaled;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = (bits & ((1ull << 52) - 1)) | 1ull << 52;
	e.shift = 1075 - (int)(bits >> 52);
	/* floor(log10(2^n)) for the power of two below: the right power of ten, or one too low. */
	e.p = 16 - ((52 - e.shift) * 78913 >> 18);
	if (e.shift <= 0 || e.p > POW10_EXACT)
		return false;
	e.step = wide_pow10(e.p);
	if (e.step * mantissa >> e.shift >= pow10_int(17))
		e.step = wide_pow10(--e.p);
	scaled = e.step * mantissa;
	e.digits = (uint64_t)(scaled >> e.shift);
	e.rest = scaled & (((wide)1 << e.shift) - 1);
	*ret = e;
	return true;
}

/*
 * Without the last digits, log10(unit) of them, rounded: is that nearer to this mantissa than to another one?
 * Two cases do not occur. Half way between two of them is no decimal of 17 digits below 2^52, and above it
 * all doubles are integers. Powers of two have a neighbour at half the distance, but those from 1e-6 to 1 are
 * decimals of 14 digits.
 */
static inline bool is_enough(const struct exact *e, uint64_t unit, uint64_t *ret_digits)
{
	uint64_t digits = e->digits / unit;
	wide whole = (wide)unit << e->shift, off = ((wide)(e->digits % unit) << e->shift) + e->rest;

	if (2 * off > whole) {
		digits++;
		off = whole - off;
	}
	*ret_digits = digits;
	return 2 * off < e->step;
}

static bool exact_decimal(double value, uint64_t *ret_digits, int *ret_exponent)
{
	struct exact e;

	if (!make_exact(value, &e))
		return false;
	*ret_exponent = -e.p;
	if (is_enough(&e, 100, ret_digits))
		*ret_exponent += 2;
	else if (is_enough(&e, 10, ret_digits))
		*ret_exponent += 1;
	else
		is_enough(&e, 1, ret_digits);
	return true;
}

/* The same for any number. */
static void any_decimal(double value, uint64_t *ret_digits, int *ret_exponent)
{
	char text[NUMBER_DOUBLE_MAX];
	uint64_t digits = 0;
	int fraction = 14;

	do
		snprintf(text, sizeof(text), "%.*e", fraction, value);
	while (fraction < 16 && strtod(text, NULL) != value && ++fraction);
	/* One digit, the locale's point, the fraction, "e", exponent. */
	for (const char *c = text; *c != 'e'; c++) {
		if (*c >= '0' && *c <= '9')
			digits = digits * 10 + (uint64_t)(*c - '0');
	}
	*ret_digits = digits;
	*ret_exponent = atoi(strchr(text, 'e') + 1) - fraction;
}

/* The shortest of the decimals with 15, 16 and 17 digits that is `value`. */
static void shortest_decimal(double value, uint64_t *ret_digits, int *ret_exponent)
{
	if (!exact_decimal(value, ret_digits, ret_exponent))
		any_decimal(value, ret_digits, ret_exponent);
	while (*ret_digits % 10 == 0) {
		*ret_digits /= 10;
		++*ret_exponent;
	}
}

/* A positive number with few digits after the point, which is what most are in practice. NULL if it is
 * none. */
static char *put_short(char *p, double value)
{
	struct notation n;
	double scaled;

	if (value < TWO_53 && value == (double)(uint64_t)value) {
		n = (struct notation){ .before = (uint64_t)value };
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
