// edgewise-agent: runs models on the device it is on, as another program asks it to over standard input and output.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "agent/machine.hpp"
#include "agent/protocol.hpp"
#include "base/console.hpp"

int main(int count, char** words) {
  using namespace edgewise;
  console::open();
  if (count > 1) {
    const bool is_help = std::strcmp(words[1], "--help") == 0 || std::strcmp(words[1], "-h") == 0;
    constexpr std::string_view help =
        "echo '{\"do\": \"hello\"}' | edgewise-agent\n\n"
        "Measures and runs ONNX models: one JSON request a line on standard input, one JSON answer a line on standard\n"
        "output. `edgewise` starts it; docs/measuring.md tells the requests.";
    if (!is_help) {
      console::say(help);
      return 2;
    }
    console::print_line("{}", help);
    const auto sent = console::flush();
    if (!sent) console::say(to_text(sent.error()));
    return sent ? 0 : 1;
  }
  agent::limit_process();
  // Answers have a descriptor of their own: what a library prints to standard output must not end up between them.
  const int answers = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (answers < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 1;
  return agent::converse(STDIN_FILENO, answers);
}
