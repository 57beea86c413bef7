// Makes the items first .. end - 1 ahead of time, in order, on a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace moestro {

template <class Item>
class Prefetch {
 public:
  // Keeps at most `depth` items ready. `make` runs on the thread only.
  Prefetch(std::function<Item(int64_t)> make, int64_t first, int64_t end, size_t depth)
      : make_(std::move(make)), depth_(depth), left_(end - first) {
    thread_ = std::thread([this, first, end] { run(first, end); });
  }

  ~Prefetch() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  // The next item; none after the last. Throws what `make` threw, at its item's turn and from then
  // on.
  std::optional<Item> next() {
    std::unique_lock lock(mutex_);
    if (left_ == 0) return {};
    changed_.wait(lock, [this] { return !ready_.empty() || error_; });
    if (ready_.empty()) std::rethrow_exception(error_);
    Item item = std::move(ready_.front());
    ready_.pop_front();
    --left_;
    lock.unlock();
    changed_.notify_all();
    return item;
  }

 private:
  void run(int64_t first, int64_t end) {
    try {
      for (int64_t i = first; i < end; ++i) {
        Item item = make_(i);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ready_.size() < depth_ || stop_; });
        if (stop_) return;
        ready_.push_back(std::move(item));
        lock.unlock();
        changed_.notify_all();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::function<Item(int64_t)> make_;
  size_t depth_;
  int64_t left_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> ready_;
  std::exception_ptr error_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace moestro
