#include "delay.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct delays {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct delay *first;
	int hurried;
	int stopped;
};

uint64_t delays_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Take one that is due out of the list; else say in *next_ms when one will be, 0 for never. */
static struct delay *take_due(struct delays *delays, uint64_t *next_ms)
{
	uint64_t now = delays_now_ms();
	*next_ms = 0;
	for (struct delay **at = &delays->first; *at != NULL; at = &(*at)->next) {
		struct delay *delay = *at;
		if (delay->due_ms <= now) {
			*at = delay->next;
			return delay;
		}
		if (*next_ms == 0 || delay->due_ms < *next_ms) {
			*next_ms = delay->due_ms;
		}
	}
	return NULL;
}

static void *run(void *user_data)
{
	struct delays *delays = user_data;
	pthread_mutex_lock(&delays->lock);
	while (!delays->stopped) {
		uint64_t next_ms;
		struct delay *due = take_due(delays, &next_ms);
		if (due != NULL) {
			pthread_mutex_unlock(&delays->lock);
			due->over(due->user_data);
			pthread_mutex_lock(&delays->lock);
		} else if (next_ms == 0) {
			pthread_cond_wait(&delays->changed, &delays->lock);
		} else {
			struct timespec until = { (time_t)(next_ms / 1000),
				(long)(next_ms % 1000) * 1000000 };
			pthread_cond_timedwait(&delays->changed, &delays->lock, &until);
		}
	}
	pthread_mutex_unlock(&delays->lock);
	return NULL;
}

struct delays *delays_start(void)
{
	pthread_condattr_t monotonic;
	struct delays *delays = calloc(1, sizeof(*delays));
	if (delays == NULL) {
		return NULL;
	}
	pthread_mutex_init(&delays->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&delays->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&delays->thread, NULL, run, delays) != 0) {
		free(delays);
		return NULL;
	}
	return delays;
}

void delays_stop(struct delays *delays)
{
	if (delays == NULL) {
		return;
	}
	pthread_mutex_lock(&delays->lock);
	delays->stopped = 1;
	pthread_cond_signal(&delays->changed);
	pthread_mutex_unlock(&delays->lock);
	pthread_join(delays->thread, NULL);
	pthread_cond_destroy(&delays->changed);
	pthread_mutex_destroy(&delays->lock);
	free(delays);
}

/* End the wait of one message, or of all. The caller holds the lock. */
static void end_waits(struct delays *delays, const struct mcpsess_message *message)
{
	for (struct delay *delay = delays->first; delay != NULL; delay = delay->next) {
		if (message == NULL || delay->message == message) {
			delay->due_ms = 0;
		}
	}
	pthread_cond_signal(&delays->changed);
}

void delays_add(struct delays *delays, struct delay *delay, uint64_t ms)
{
	struct mcpsess_message *message = delay->message;
	pthread_mutex_lock(&delays->lock);
	delay->due_ms = delays->hurried ? 0 : delays_now_ms() + ms;
	delay->next = delays->first;
	delays->first = delay;
	pthread_cond_signal(&delays->changed);
	pthread_mutex_unlock(&delays->lock);
	/* It may have been cancelled before it was in the list, where nobody found it. */
	if (mcpsess_message_cancelled(message)) {
		delays_cancelled(delays, message);
	}
}

void delays_cancelled(void *user_data, struct mcpsess_message *message)
{
	struct delays *delays = user_data;
	pthread_mutex_lock(&delays->lock);
	end_waits(delays, message);
	pthread_mutex_unlock(&delays->lock);
}

void delays_hurry(struct delays *delays)
{
	pthread_mutex_lock(&delays->lock);
	delays->hurried = 1;
	end_waits(delays, NULL);
	pthread_mutex_unlock(&delays->lock);
}
