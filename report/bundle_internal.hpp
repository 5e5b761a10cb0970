/// The page's script and style, bundled from web/ when this library is built.
#pragma once

#include <string_view>

namespace edgewise::report {

std::string_view page_script();
std::string_view page_style();

}  // namespace edgewise::report
