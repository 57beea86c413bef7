// Progress of long work on stderr: a bar with rate and time left on a terminal, a plain line every
// half minute elsewhere, nothing when the log is quiet.
//
//   ━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ epoch 3/20, 812/2345 steps, 98.7 steps/s, 16 s left, loss .31
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace moestro {

class Progress {
 public:
  // label: "epoch 3/20"; total: units of work; unit, in the plural: "steps".
  Progress(std::string label, int64_t total, std::string unit,
           std::chrono::milliseconds plain_interval = std::chrono::seconds(30));
  ~Progress();  // ends the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void label(std::string label);
  void advance(int64_t done,
               const std::string& detail = {});  // done: units so far; detail: "loss .31"
  void finish();                                 // wipes the bar

 private:
  using Clock = std::chrono::steady_clock;
  std::string words(Clock::time_point now) const;

  std::string label_, unit_, detail_;
  int64_t total_, done_ = 0;
  std::optional<int64_t> first_;  // what the first report said: a resumed run begins in the middle
  Clock::time_point start_, drawn_;
  bool terminal_, silent_, visible_ = false;
  std::chrono::milliseconds interval_;
};

// "42 s", "3 min 10 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace moestro
