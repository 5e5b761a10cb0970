# How every folder is built: one library, its links are its arrows.
include(GNUInstallDirs)

add_library(edgewise_options INTERFACE)
target_compile_options(edgewise_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  $<$<BOOL:${EDGEWISE_WERROR}>:-Werror>)
target_include_directories(edgewise_options INTERFACE ${CMAKE_SOURCE_DIR})
if(EDGEWISE_SANITIZE)
  target_compile_options(edgewise_options INTERFACE -fsanitize=${EDGEWISE_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:Clang>:-fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/sanitize_ignore.txt>)
  target_link_options(edgewise_options INTERFACE -fsanitize=${EDGEWISE_SANITIZE})
  target_compile_definitions(edgewise_options INTERFACE EDGEWISE_SANITIZED)
endif()
if(CMAKE_CXX_COMPILER_LAUNCHER STREQUAL "")
  find_program(CCACHE ccache)
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  endif()
endif()

# What most files include is parsed once per build and kind of target, not once per file: half of a cold build was that. A file still
# includes what it uses: clang-tidy reads it without precompiled headers.
# edgewise_precompile(NAME LINK ... HEADERS ...) makes the header that targets reuse as edgewise_NAME_pch.
function(edgewise_precompile name)
  cmake_parse_arguments(arg "" "" "LINK;HEADERS;OPTIONS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${name}_pch.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// The precompiled header lives on this target.\n")
  add_library(edgewise_${name}_pch STATIC ${source})
  target_link_libraries(edgewise_${name}_pch PRIVATE edgewise_options nlohmann_json::nlohmann_json ${arg_LINK})
  target_compile_options(edgewise_${name}_pch PRIVATE ${arg_OPTIONS})
  # In angle brackets, found on the include path: no place of the checkout gets into what the compiler cache compares.
  target_precompile_headers(edgewise_${name}_pch PRIVATE <base/precompiled.hpp> ${arg_HEADERS})
endfunction()

find_package(nlohmann_json REQUIRED)
edgewise_precompile(plain)

# LibTorch's headers take 10 s to compile. torch/torch.h would be twice that: it brings the layers, data loaders and scripts of LibTorch, of
# which every file that includes it instantiates the templates again (5 s a file).
if(NOT TARGET edgewise_torch)
  include(torch)
  edgewise_precompile(torch LINK edgewise_torch HEADERS <torch/autograd.h> <torch/nn/module.h> <torch/types.h> <torch/utils.h>)
endif()

# Sources of a folder whose set is open (strategies, tasks, formats, ...): a new file is found by itself.
# edgewise_sources(VARIABLE PATTERN...)
function(edgewise_sources variable)
  file(GLOB found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${ARGN})
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# Where no loop is hot, most of Clang's time goes into inlining JSON, strings and maps: about a quarter of a file's is spared.
set(quickly_compiled "$<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:Clang>>:-O1;-mllvm;-inline-threshold=20>")

# edgewise_library(NAME SOURCES a.cpp ... PUBLIC edgewise::base ... PRIVATE ... [PRECOMPILED plain|torch|...] [COLD])
# makes edgewise_NAME with the alias edgewise::NAME. COLD: it waits for others (files, processes, people) and has no loop worth optimising.
function(edgewise_library name)
  cmake_parse_arguments(arg "COLD" "PRECOMPILED" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED plain)
  endif()
  add_library(edgewise_${name} STATIC ${arg_SOURCES})
  add_library(edgewise::${name} ALIAS edgewise_${name})
  target_link_libraries(edgewise_${name} PUBLIC edgewise_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  target_precompile_headers(edgewise_${name} REUSE_FROM edgewise_${arg_PRECOMPILED}_pch)
  if(arg_COLD)
    target_compile_options(edgewise_${name} PRIVATE ${quickly_compiled})
  endif()
endfunction()

# What is compiled for tests alone is optimised less: the tests' time is in the libraries.
set(test_options $<$<CONFIG:Release>:-O1> ${quickly_compiled})
if(EDGEWISE_TESTS)
  find_package(GTest REQUIRED)
  edgewise_precompile(test LINK GTest::gmock GTest::gtest HEADERS <gmock/gmock.h> <gtest/gtest.h> OPTIONS ${test_options})
endif()

# edgewise_test(NAME SOURCES ... LINK ... [TORCH] [ENVIRONMENT ...])
# makes the program NAME_test and registers it with ctest as NAME. Tests find data through two variables: EDGEWISE_SHARED_DATA (real
# sets; may be absent) and EDGEWISE_TEST_DATA (tests/data).
function(edgewise_test name)
  cmake_parse_arguments(arg "TORCH" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${arg_SOURCES})
  target_link_libraries(${name}_test PRIVATE edgewise_options ${arg_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_options(${name}_test PRIVATE ${test_options})
  if(arg_TORCH)
    target_link_libraries(${name}_test PRIVATE edgewise_torch)
    target_precompile_headers(${name}_test REUSE_FROM edgewise_torch_pch)
  else()
    target_precompile_headers(${name}_test REUSE_FROM edgewise_test_pch)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_REGULAR_EXPRESSION "NO TEST RAN HERE"
    ENVIRONMENT "EDGEWISE_SHARED_DATA=${CMAKE_SOURCE_DIR}/../shared/data;EDGEWISE_TEST_DATA=${CMAKE_SOURCE_DIR}/tests/data;EDGEWISE_BIN=${CMAKE_BINARY_DIR}/bin;OMP_NUM_THREADS=2")
endfunction()
