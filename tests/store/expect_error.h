// What an action throws, as text to look into.
#pragma once

#include <string>

#include <gtest/gtest.h>

namespace moestro::testing {

// The message of the Error that the action throws; a failed test when it throws none or another, or
// when the message has more than one line.
template <typename Error, typename Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another type of error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error";
  return "";
}

inline ::testing::AssertionResult shown(bool holds, const std::string& text,
                                        const std::string& part) {
  if (holds) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "got \"" << text << "\", expected \"" << part << '"';
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  return shown(text.find(part) != std::string::npos, text, part);
}

inline ::testing::AssertionResult starts_with(const std::string& text, const std::string& part) {
  return shown(text.starts_with(part), text, part);
}

inline ::testing::AssertionResult ends_with(const std::string& text, const std::string& part) {
  return shown(text.ends_with(part), text, part);
}

}  // namespace moestro::testing
