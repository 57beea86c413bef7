// Writing and reading 256 MB as safetensors, in the folder for temporary files (TMPDIR), in bytes a
// second. Reading is from the system's cache of files into memory of our own.
//
//   write, read                    ours: the write with digest, flush to disk and rename
//   plain_write, plain_read        the same bytes with write + fsync, and with read
//   digest                         SHA-256 alone
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "moestro/core/error.h"
#include "moestro/store/digest.h"
#include "moestro/store/safetensors.h"
#include "program.h"

namespace moestro::bench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTensors = 16, kValues = 4 << 20;
constexpr int64_t kBytes = kTensors * kValues * static_cast<int64_t>(sizeof(float));

// A folder of this run's own, gone at its end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("moestro-bench-{}", ::getpid())) {
    fs::create_directory(path_);
  }
  ~Folder() {
    std::error_code none;
    fs::remove_all(path_, none);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path file() const { return path_ / "tensors.safetensors"; }

 private:
  fs::path path_;
};

NamedTensors made_up_tensors() {
  NamedTensors tensors;
  for (int64_t i = 0; i < kTensors; ++i)
    tensors.emplace_back(fmt::format("tensor.{}", i), at::rand({kValues}));
  return tensors;
}

void time_write(benchmark::State& state) {
  const Folder folder;
  const NamedTensors tensors = made_up_tensors();
  for (auto _ : state) write_safetensors(folder.file(), tensors);
  state.SetBytesProcessed(state.iterations() * kBytes);
}

void time_read(benchmark::State& state) {
  const Folder folder;
  write_safetensors(folder.file(), made_up_tensors());
  for (auto _ : state) {
    const SafetensorsFile file(folder.file());
    for (const std::string& name : file.names())
      benchmark::DoNotOptimize(file.tensor(name).clone());
  }
  state.SetBytesProcessed(state.iterations() * kBytes);
}

template <class Transfer>
void transfer_all(const Transfer& transfer, char* data) {
  for (int64_t done = 0; done < kBytes;) {
    const ssize_t bytes = transfer(data + done, kBytes - done);
    if (bytes <= 0) throw SystemError("the benchmark's file: {}", std::strerror(errno));
    done += bytes;
  }
}

void plain_write(const fs::path& path, const Tensor& bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  transfer_all([&](char* data, size_t count) { return ::write(file, data, count); },
               static_cast<char*>(bytes.data_ptr()));
  ::fsync(file);
  ::close(file);
}

void time_plain_write(benchmark::State& state) {
  const Folder folder;
  const Tensor bytes = at::ones({kBytes}, at::kByte);
  for (auto _ : state) plain_write(folder.file(), bytes);
  state.SetBytesProcessed(state.iterations() * kBytes);
}

void time_plain_read(benchmark::State& state) {
  const Folder folder;
  plain_write(folder.file(), at::ones({kBytes}, at::kByte));
  for (auto _ : state) {
    const Tensor bytes = at::empty({kBytes}, at::kByte);
    const int file = ::open(folder.file().c_str(), O_RDONLY);
    transfer_all([&](char* data, size_t count) { return ::read(file, data, count); },
                 static_cast<char*>(bytes.data_ptr()));
    ::close(file);
  }
  state.SetBytesProcessed(state.iterations() * kBytes);
}

void time_digest(benchmark::State& state) {
  const Tensor bytes = at::ones({kBytes}, at::kByte);
  for (auto _ : state) {
    Sha256 digest;
    digest.update({static_cast<const char*>(bytes.data_ptr()), static_cast<size_t>(kBytes)});
    benchmark::DoNotOptimize(digest.hex());
  }
  state.SetBytesProcessed(state.iterations() * kBytes);
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  using Function = void (*)(benchmark::State&);
  for (const auto& [name, function] : {std::pair<const char*, Function>{"write", time_write},
                                       {"plain_write", time_plain_write},
                                       {"digest", time_digest},
                                       {"read", time_read},
                                       {"plain_read", time_plain_read}})
    benchmark::RegisterBenchmark(name, function)->Unit(benchmark::kMillisecond)->UseRealTime();
  return moestro::bench::run_program(argc, argv);
}
