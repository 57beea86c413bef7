// Files of text: raw or gzip, line ends LF or CRLF, with or without a byte-order mark.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace moestro {

// All of it, in UTF-8. encoding: "utf-8" or "latin-1", whose bytes are characters. Throws UserError
// "file:line: byte 3 ..." for what is no UTF-8, and for a NUL byte.
std::string read_text_file(const std::filesystem::path& path, const std::string& encoding);

// Its lines, without their ends; what stands behind the last line end is a line if it is not empty.
std::vector<std::string> read_lines(const std::filesystem::path& path, const std::string& encoding);

// .txt or .txt.gz: a file of one text a line, without labels, wherever other kinds are read, too.
bool is_named_as_text(const std::filesystem::path& path);

}  // namespace moestro
