/// Image folders: the class of a picture is the folder that it lies in.
#pragma once

#include "data/formats/format.hpp"

namespace edgewise::data {

Format folder_format();

}  // namespace edgewise::data
