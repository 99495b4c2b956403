// Frames of C++: exceptions that are thrown through others, destructors, templates, virtual calls, lambdas.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

volatile long sink;

extern "C" __attribute__((noinline)) void stop_here(int what) { sink = sink + what; }

struct Guard {
  int number;
  explicit Guard(int number) : number(number) {}
  __attribute__((noinline)) ~Guard() {
    sink = sink + number;
    stop_here(1);
  }
};

struct Shape {
  virtual ~Shape() = default;
  virtual long area(int n) const = 0;
};

struct Square final : Shape {
  __attribute__((noinline)) long area(int n) const override {
    Guard guard(n);
    if (n % 3 == 0) throw std::runtime_error("three: " + std::to_string(n));
    return n * n;
  }
};

template <typename T> __attribute__((noinline)) long through(const T &shape, int n) {
  Guard guard(n);
  std::string text(n, 'x');
  return shape.area(n) + long(text.size());
}

__attribute__((noinline)) long caught(const Shape &shape, int n) {
  try {
    return through(shape, n);
  } catch (const std::exception &error) {
    stop_here(2);
    return long(std::string(error.what()).size());
  }
}

int main() {
  stop_here(0);
  std::unique_ptr<Shape> shape = std::make_unique<Square>();
  std::map<std::string, long> found;
  std::function<long(int)> call = [&](int n) { return caught(*shape, n); };
  for (int n = 1; n < 8; n++) found["n" + std::to_string(n)] = call(n);
  std::vector<long> values;
  for (const auto &[name, value] : found) values.push_back(value * 7 % 5);
  std::sort(values.begin(), values.end(), [](long a, long b) {
    if (sink % 5 == 0) stop_here(3);
    sink = sink + 1;
    return a < b;
  });
  stop_here(4);
  return values.empty();
}
