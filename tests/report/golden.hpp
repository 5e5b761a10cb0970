/// Comparison with an approved file; EDGEWISE_APPROVE=1 approves what there is now.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.hpp"

namespace edgewise {

inline void expect_golden(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::path(GOLDEN_FOLDER) / name;
  if (std::getenv("EDGEWISE_APPROVE") != nullptr) {
    ASSERT_TRUE(write_file(path, text).has_value());
    return;
  }
  const auto approved = read_file(path);
  ASSERT_TRUE(approved.has_value()) << "no approved file " << path << "; EDGEWISE_APPROVE=1 writes it";
  EXPECT_EQ(text, *approved) << "EDGEWISE_APPROVE=1 approves the new text";
}

}  // namespace edgewise
