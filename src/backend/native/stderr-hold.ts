/**
 * A small addon that holds back what libraries write on stderr while they load.
 *
 * TensorFlow 2.21 greets every process with two lines about oneDNN that no environment variable switches off, and
 * Node cannot redirect its own stderr. What is held back is handed over, so that nothing but the greeting is lost.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCompiler } from './compile.ts';
import type { NativeTarget } from './target.ts';

/** `hold()` sends stderr to a nameless file; `release()` gives stderr back and returns what the file got. */
const source = `
#include <node_api.h>
#include <stdio.h>
#include <string>
#include <unistd.h>

static int original = -1;
static FILE *held = nullptr;

static napi_value Hold(napi_env, napi_callback_info) {
  if (held != nullptr) return nullptr;
  held = tmpfile();
  if (held == nullptr) return nullptr;
  fflush(stderr);
  original = dup(2);
  dup2(fileno(held), 2);
  return nullptr;
}

static napi_value Release(napi_env env, napi_callback_info) {
  std::string text;
  if (held != nullptr) {
    fflush(stderr);
    dup2(original, 2);
    close(original);
    rewind(held);
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, held)) > 0;) text.append(block, n);
    fclose(held);
    held = nullptr;
  }
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

static napi_value Init(napi_env env, napi_value exports) {
  napi_property_descriptor functions[] = {
    {"hold", nullptr, Hold, nullptr, nullptr, nullptr, napi_default, nullptr},
    {"release", nullptr, Release, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}

NAPI_MODULE(stderr_hold, Init)
`;

/**
 * Compiles the addon.
 *
 * @param nodeHeaders folder of Node's headers
 * @param output file of the addon
 * @throws Error with one sentence if the compiler fails
 */
export async function compileStderrHold(
  compiler: readonly [string, ...string[]],
  {
    target,
    nodeHeaders,
    output,
    scratch,
  }: {
    readonly target: NativeTarget;
    readonly nodeHeaders: string;
    readonly output: string;
    readonly scratch: string;
  },
  signal?: AbortSignal,
): Promise<void> {
  const file = path.join(scratch, 'stderr_hold.cc');
  await writeFile(file, source);
  const kind =
    target.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-fPIC'];
  await runCompiler(
    compiler,
    [['-std=c++17', '-O2', ...kind, '-I', nodeHeaders, file, '-o', output]],
    signal,
  );
}
