/* The JSON writer: its lines, and that whatever bytes it is given come out as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static char output[4096];

static FILE *output_open(struct json *json)
{
	FILE *out = fmemopen(output, sizeof(output), "we");

	assert_non_null(out);
	json_init(json, out);
	return out;
}

static void test_lines(void **state)
{
	struct json json;
	FILE *out = output_open(&json);

	(void)state;
	json_object(&json, NULL);
	json_text(&json, "user", "alice");
	json_array(&json, "files");
	json_text(&json, NULL, "a");
	json_text(&json, NULL, NULL);
	json_close(&json);
	json_array(&json, "keys");
	json_object(&json, NULL);
	json_number(&json, "line", UINT64_MAX);
	json_array(&json, "losers");
	json_object(&json, NULL);
	json_bool(&json, "won", false);
	json_close(&json);
	json_object(&json, NULL);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	json_object(&json, NULL);
	json_null(&json, "line");
	json_close(&json);
	json_close(&json);
	json_array(&json, "none");
	json_close(&json);
	json_close(&json);
	(void)fclose(out);
	assert_string_equal(
		output,
		"{\n"
		"  \"user\": \"alice\",\n"
		"  \"files\": [\n"
		"    \"a\",\n"
		"    null\n"
		"  ],\n"
		"  \"keys\": [\n"
		"    {\"line\": 18446744073709551615, \"losers\": [{\"won\": false}, {}]},\n"
		"    {\"line\": null}\n"
		"  ],\n"
		"  \"none\": []\n"
		"}\n");
}

static void text_check(const char *text, const char *wanted)
{
	struct json json;
	FILE *out = output_open(&json);

	json_text(&json, NULL, text);
	(void)fclose(out);
	assert_string_equal(output, wanted);
}

static void test_text(void **state)
{
	(void)state;
	text_check("", "\"\"");
	text_check("a\"b\\c\n\t\r\x1b[1m\x7f", "\"a\\\"b\\\\c\\n\\t\\u000d\\u001b[1m\\u007f\"");
	/* The last one of C1, the first one behind. */
	text_check("\xc2\x9b[1m\xc2\x9f\xc2\xa0", "\"\\u009b[1m\\u009f\xc2\xa0\"");
	text_check("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		   "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
	/* Cut short, overlong, a surrogate, above the last one, a byte that never occurs. */
	text_check("\xc3", "\"\\ufffd\"");
	text_check("\xe2\x82", "\"\\ufffd\\ufffd\"");
	text_check("\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"");
	text_check("\xc0\xaf", "\"\\ufffd\\ufffd\"");
	text_check("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	text_check("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	text_check("\xff\xc3z", "\"\\ufffd\\ufffdz\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
