// SHA-256 (FIPS 180-4), and the digest file that stands beside a file in the format of sha256sum.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace moestro {

class Sha256 {
 public:
  void update(std::string_view bytes);
  std::string hex() const;  // of all bytes so far: 64 lower-case digits; update() may go on

 private:
  void compress(const unsigned char* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_ = {};
  uint64_t bytes_ = 0;
};

std::string sha256_hex(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);  // throws UserError as File::open

// PATH.sha256
std::filesystem::path digest_path(const std::filesystem::path& path);

// Writes "HEX  NAME\n" to digest_path(path), atomically.
void write_digest(const std::filesystem::path& path, const std::string& hex);

// Whether the file is the one that its digest was made of; false also when either is missing.
bool verify_digest(const std::filesystem::path& path);

}  // namespace moestro
