# Tests of the project's Python: what experiments/ makes of stored rows, and scripts/; and of what
# other programs make of our files.
if(MOESTRO_TESTS AND Python3_FOUND)
  add_test(NAME experiments COMMAND Python3::Interpreter
                                    "${PROJECT_SOURCE_DIR}/tests/experiments/page_test.py")
  add_test(NAME mutual_distillation
           COMMAND Python3::Interpreter
                   "${PROJECT_SOURCE_DIR}/tests/experiments/mutual_distillation_test.py")
  add_test(NAME densify COMMAND Python3::Interpreter
                                "${PROJECT_SOURCE_DIR}/tests/experiments/densify_test.py")
  add_test(NAME continual_page
           COMMAND Python3::Interpreter
                   "${PROJECT_SOURCE_DIR}/tests/experiments/continual_page_test.py")
  add_test(NAME profile_step COMMAND Python3::Interpreter
                                     "${PROJECT_SOURCE_DIR}/tests/scripts/profile_step_test.py")
  # With the packages that set-up installs.
  find_program(MOESTRO_VENV_PYTHON python PATHS "${PROJECT_SOURCE_DIR}/.venv/bin" NO_DEFAULT_PATH)
  mark_as_advanced(MOESTRO_VENV_PYTHON)
  if(MOESTRO_VENV_PYTHON)
    add_test(NAME convolutions COMMAND "${MOESTRO_VENV_PYTHON}"
                                       "${PROJECT_SOURCE_DIR}/tests/scripts/convolutions_test.py")
  endif()
  set(missing 1)
  if(MOESTRO_VENV_PYTHON)
    execute_process(COMMAND "${MOESTRO_VENV_PYTHON}" -c "import numpy, tokenizers"
                    RESULT_VARIABLE missing ERROR_QUIET)
  endif()
  if(missing EQUAL 0)
    add_test(NAME tokenize COMMAND "${MOESTRO_VENV_PYTHON}"
                                   "${PROJECT_SOURCE_DIR}/tests/scripts/tokenize_test.py")
    add_test(NAME bert_characters COMMAND "${MOESTRO_VENV_PYTHON}"
                                          "${PROJECT_SOURCE_DIR}/tests/scripts/bert_characters_test.py")
    add_test(NAME convert_data COMMAND "${MOESTRO_VENV_PYTHON}"
                                       "${PROJECT_SOURCE_DIR}/tests/scripts/convert_data_test.py")
  else()
    message(STATUS ".venv lacks numpy or tokenizers: the tests of scripts/ are left out")
  endif()
  set(missing 1)
  if(MOESTRO_VENV_PYTHON)
    execute_process(COMMAND "${MOESTRO_VENV_PYTHON}" -c "import numpy, onnx, onnxruntime"
                    RESULT_VARIABLE missing ERROR_QUIET)
  endif()
  if(missing EQUAL 0 AND TARGET moestro)
    add_test(NAME export_onnx
             COMMAND "${MOESTRO_VENV_PYTHON}"
                     "${PROJECT_SOURCE_DIR}/tests/cli/export_onnx_test.py" "$<TARGET_FILE:moestro>")
  else()
    message(STATUS ".venv lacks numpy, onnx or onnxruntime: the test of exported runs is left out")
  endif()
endif()
