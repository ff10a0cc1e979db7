/* Runs a fuzz target on every file of the folders given: what was found once stays found. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"

/* In memory of just its size, so that a sanitizer sees a read beyond it. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat facts;
	if (file == NULL || fstat(fileno(file), &facts) < 0) {
		perror(path);
		return -1;
	}
	size_t size = (size_t)facts.st_size;
	uint8_t *data = malloc(size > 0 ? size : 1);
	int whole = data != NULL && fread(data, 1, size, file) == size;
	fclose(file);
	if (whole) {
		/* Before the target, which aborts without a word. */
		fprintf(stderr, "%s\n", path);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	return whole ? 0 : -1;
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		perror(folder);
		return -1;
	}
	int files = 0, failed = 0;
	for (struct dirent *entry; !failed && (entry = readdir(dir)) != NULL;) {
		char path[PATH_MAX];
		if (entry->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
			failed = replay_file(path) < 0;
			files++;
		}
	}
	closedir(dir);
	printf("%s: %d files\n", folder, files);
	return failed || files == 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;
	for (int i = 1; i < argc; i++) {
		failed |= replay_folder(argv[i]) < 0;
	}
	return failed;
}
