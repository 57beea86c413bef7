#include "moestro/data/input_file.h"

#include <cerrno>
#include <cstring>

#include <zlib.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// Deflate's best ratio.
constexpr uint64_t kMostGain = 1032;
constexpr uint64_t kPiece = uint64_t{1} << 20;

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) throw UserError("{}: no such file", name_);
  if (std::filesystem::is_directory(path, code))
    throw UserError("{}: is a folder; expected a file", name_);
  const uint64_t size = std::filesystem::file_size(path, code);
  if (code) throw UserError("{}: cannot be read: {}", name_, code.message());
  file_ = gzopen(name_.c_str(), "rb");
  if (!file_) throw UserError("{}: cannot be read: {}", name_, std::strerror(errno));
  gzbuffer(file_, 1 << 18);
  most_bytes_ = gzdirect(file_) ? size : size * kMostGain;
}

InputFile::~InputFile() {
  gzclose(file_);
}

uint64_t InputFile::read(void* out, uint64_t bytes) {
  auto* to = static_cast<char*>(out);
  uint64_t done = 0;
  while (done < bytes) {
    const auto wanted = static_cast<unsigned>(std::min(bytes - done, kPiece));
    const int got = gzread(file_, to + done, wanted);
    if (got > 0) done += static_cast<uint64_t>(got);
    if (got == static_cast<int>(wanted)) continue;
    int code = Z_OK;
    const char* reason = gzerror(file_, &code);
    if (code == Z_ERRNO) throw SystemError("{}: cannot be read: {}", name_, std::strerror(errno));
    if (code == Z_MEM_ERROR) throw SystemError("{}: out of memory", name_);
    if (code == Z_BUF_ERROR)
      throw UserError("{}: truncated: the gzip file ends within its data", name_);
    if (code != Z_OK && code != Z_STREAM_END)
      throw UserError("{}: damaged gzip file: {}", name_, reason);
    break;
  }
  return done;
}

std::string InputFile::read_rest() {
  std::string text;
  while (true) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    const uint64_t got = read(text.data() + before, kPiece);
    text.resize(before + got);
    if (got < kPiece) return text;
  }
}

}  // namespace moestro
