# How every folder is built: one library, its links are its arrows.
include(GNUInstallDirs)

add_library(edgewise_options INTERFACE)
target_compile_options(edgewise_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  $<$<BOOL:${EDGEWISE_WERROR}>:-Werror>)
target_include_directories(edgewise_options INTERFACE ${CMAKE_SOURCE_DIR})
if(EDGEWISE_SANITIZE)
  target_compile_options(edgewise_options INTERFACE -fsanitize=${EDGEWISE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(edgewise_options INTERFACE -fsanitize=${EDGEWISE_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_LAUNCHER STREQUAL "")
  find_program(CCACHE ccache)
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  endif()
endif()

# edgewise_library(NAME SOURCES a.cpp ... PUBLIC edgewise::base ... PRIVATE ...)
# makes edgewise_NAME with the alias edgewise::NAME.
function(edgewise_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  foreach(source IN LISTS arg_SOURCES) # WIP
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source} AND NOT EXISTS ${source}) # WIP
      message(WARNING "edgewise_${name}: ${source} is not written yet") # WIP
      list(REMOVE_ITEM arg_SOURCES ${source}) # WIP
    endif() # WIP
  endforeach() # WIP
  add_library(edgewise_${name} STATIC ${arg_SOURCES})
  add_library(edgewise::${name} ALIAS edgewise_${name})
  target_link_libraries(edgewise_${name} PUBLIC edgewise_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()

# LibTorch's header takes 16 s to compile: every target that includes it shares one precompiled header.
# edgewise_use_torch(TARGET)
function(edgewise_use_torch target)
  target_link_libraries(${target} PUBLIC edgewise_torch)
  target_precompile_headers(${target} REUSE_FROM edgewise_torch_pch)
endfunction()
# The same for a library whose headers do without LibTorch: what links it does not see LibTorch's headers.
function(edgewise_use_torch_privately target)
  target_link_libraries(${target} PRIVATE edgewise_torch)
  target_precompile_headers(${target} REUSE_FROM edgewise_torch_pch)
endfunction()
if(NOT TARGET edgewise_torch)
  find_package(Torch REQUIRED)
  add_library(edgewise_torch INTERFACE)
  target_link_libraries(edgewise_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(edgewise_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cpp "// The precompiled header lives on this target.\n")
  add_library(edgewise_torch_pch STATIC ${CMAKE_BINARY_DIR}/torch_pch.cpp)
  target_link_libraries(edgewise_torch_pch PUBLIC edgewise_options edgewise_torch)
  target_precompile_headers(edgewise_torch_pch PRIVATE <torch/torch.h>)
endif()

# edgewise_test(NAME SOURCES ... LINK ... [TORCH] [ENVIRONMENT ...])
# makes the program NAME_test and registers it with ctest as NAME. Tests find data through two variables: EDGEWISE_SHARED_DATA (real
# sets; may be absent) and EDGEWISE_TEST_DATA (tests/data).
function(edgewise_test name)
  cmake_parse_arguments(arg "TORCH" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  foreach(source IN LISTS arg_SOURCES) # WIP
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source} AND NOT EXISTS ${source}) # WIP
      list(REMOVE_ITEM arg_SOURCES ${source}) # WIP
    endif() # WIP
  endforeach() # WIP
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE edgewise_options ${arg_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  if(arg_TORCH)
    edgewise_use_torch(${name}_test)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_REGULAR_EXPRESSION "NO TEST RAN HERE"
    ENVIRONMENT "EDGEWISE_SHARED_DATA=${CMAKE_SOURCE_DIR}/../shared/data;EDGEWISE_TEST_DATA=${CMAKE_SOURCE_DIR}/tests/data;EDGEWISE_BIN=${CMAKE_BINARY_DIR}/bin;OMP_NUM_THREADS=2")
endfunction()
