#include "rpc/policy.h"

/* '*' stands for any text; backtracking to the last star is enough for that. */
static int pattern_fits(const char *pattern, struct mcpsess_bytes text)
{
	const char *at = text.data, *end = at + text.len;
	const char *star = NULL, *retry = NULL;
	while (at < end) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = at;
		} else if (*pattern == *at) {
			pattern++;
			at++;
		} else if (star != NULL) {
			pattern = star;
			at = ++retry;
		} else {
			return 0;
		}
	}
	while (*pattern == '*') {
		pattern++;
	}
	return *pattern == '\0';
}

static int rule_fits(const struct mcpsess_policy_rule *rule, struct mcpsess_bytes method,
	struct mcpsess_bytes name)
{
	if (rule->method != NULL && !pattern_fits(rule->method, method)) {
		return 0;
	}
	return rule->tool == NULL || (mcpsess_bytes_equal(method, mcpsess_str("tools/call")) &&
					     pattern_fits(rule->tool, name));
}

enum mcpsess_policy mcpsess_policy_for(const struct mcpsess_rpc_options *options,
	struct mcpsess_bytes method, struct mcpsess_bytes name)
{
	for (size_t i = 0; i < options->rule_count; i++) {
		if (rule_fits(&options->rules[i], method, name)) {
			return options->rules[i].policy;
		}
	}
	return options->policy;
}

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static const char *move_text(char **to, const char *text)
{
	size_t size = text_size(text);
	char *copy = *to;
	if (size == 0) {
		return NULL;
	}
	memcpy(copy, text, size);
	*to += size;
	return copy;
}

struct mcpsess_policy_rule *mcpsess_policy_copy(
	const struct mcpsess_env *env, const struct mcpsess_policy_rule *rules, size_t count)
{
	size_t size = count * sizeof(*rules);
	for (size_t i = 0; i < count; i++) {
		size += text_size(rules[i].method) + text_size(rules[i].tool);
	}
	struct mcpsess_policy_rule *copy = mcpsess_alloc(env, size + 1);
	if (copy == NULL) {
		return NULL;
	}
	char *texts = (char *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		copy[i].method = move_text(&texts, rules[i].method);
		copy[i].tool = move_text(&texts, rules[i].tool);
		copy[i].policy = rules[i].policy;
	}
	return copy;
}
