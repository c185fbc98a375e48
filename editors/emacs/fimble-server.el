;;; fimble-server.el --- The fimble language server, through eglot  -*- lexical-binding: t -*-

;; Package-Requires: ((emacs "30.1"))
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; How the server of a buffer is started, asked and told, and what is known of its state.  Part of fimble.el.

;;; Code:

(require 'eglot)

(defgroup fimble nil "Inline code suggestions." :group 'convenience :prefix "fimble-")

(defcustom fimble-command '("fimble" "lsp")
  "How to start the language server, a program and its arguments."
  :type '(repeat string))

(defcustom fimble-options nil
  "Options for the server, a plist, such as (:model \"/models/large.gguf\").
`:eagerness' is \"subtle\", \"balanced\" or \"eager\";
`:comments' is \"off\", \"on\" or \"manual\";
`:memory' :json-false looks into no other file of the project;
`:debounce' is \"auto\", \"off\" or milliseconds to wait for the next key."
  :type 'plist)

;;; Starting it

(defclass fimble-server (eglot-lsp-server)
  ((state :initform '(:kind "loading" :message "The server is starting.") :accessor fimble--state))
  "A fimble language server.")

(cl-defmethod eglot-client-capabilities :around ((_server fimble-server))
  "Tell that suggestions are shown inline, so they need no menu."
  (let ((capabilities (cl-call-next-method)))
    (plist-put capabilities :textDocument
               (plist-put (plist-get capabilities :textDocument)
                          :inlineCompletion '(:dynamicRegistration :json-false)))))

(cl-defmethod eglot-initialization-options ((_server fimble-server))
  "What the user has set."
  (or fimble-options eglot--{}))

(cl-defmethod eglot-handle-notification ((server fimble-server) (_method (eql fimble/status)) &rest state)
  "Keep STATE of SERVER for the mode line and `fimble-status'."
  (setf (fimble--state server) state)
  (force-mode-line-update t))

(defvar-local fimble--trouble nil "Why this buffer has no server, or nil.")
(defvar fimble--told nil "Sentences that the user has been told.")

(defun fimble--tell-once (sentence)
  "Tell the user SENTENCE unless that was done before."
  (unless (member sentence fimble--told)
    (push sentence fimble--told)
    (message "fimble: %s" sentence)))

(defun fimble--obstacle ()
  "Why no server can be had here, with the next step; nil if one can."
  (cond ((not (executable-find (car fimble-command)))
         (format "%s was not found.  Install it (pipx install fimble), or set `fimble-command'."
                 (car fimble-command)))
        ((and (eglot-managed-p) (eglot-server-capable :textDocumentSync) (not (fimble--server)))
         (concat "Another server has this buffer, and eglot allows only one.  "
                 "Use lsp-mode to have both, or M-x eglot-shutdown and M-x fimble-restart."))))

(defun fimble--start-server ()
  "Have eglot start fimble for this buffer, without waiting for it."
  (setq-local eglot-server-programs `((,major-mode fimble-server ,@fimble-command))
              eglot-sync-connect nil)
  (apply #'eglot--connect (eglot--guess-contact)))

(defun fimble--join ()
  "Find or start this buffer's server, or tell why that cannot be done."
  (setq fimble--trouble (fimble--obstacle))
  (unless (or fimble--trouble (eglot-managed-p))
    (condition-case failure
        (fimble--start-server)
      (error (setq fimble--trouble (error-message-string failure)))))
  (when fimble--trouble
    (fimble--tell-once fimble--trouble)))

(defun fimble--managed ()
  "Leave to others what a server that only suggests cannot do."
  (when (cl-typep (eglot-current-server) 'fimble-server)
    (remove-hook 'xref-backend-functions #'eglot-xref-backend t)))
(add-hook 'eglot-managed-mode-hook #'fimble--managed)

;;; Talking to it

(defun fimble--server ()
  "The server of this buffer if it makes suggestions, or nil."
  (when-let* ((server (eglot-current-server))
              ((eglot-managed-p))
              ((eglot-server-capable :inlineCompletionProvider)))
    server))

(defun fimble--request-suggestions (server kind then)
  "Ask SERVER for suggestions at point, and call THEN with the answer.
KIND is 1 if the user wanted it and 2 else."
  (eglot--signal-textDocument/didChange)
  (jsonrpc-async-request
   server :textDocument/inlineCompletion
   `(,@(eglot--TextDocumentPositionParams) :context (:triggerKind ,kind))
   :success-fn then :error-fn #'ignore :timeout-fn #'ignore))

(defun fimble--tell (method params)
  "Notify the server of METHOD with PARAMS if it understands that."
  (when (and (fimble--server) (eglot-server-capable :experimental :fimble))
    (jsonrpc-notify (fimble--server) method params)))

(defun fimble--execute (server command arguments &optional then)
  "Have SERVER run COMMAND with ARGUMENTS, and call THEN with the answer."
  (jsonrpc-async-request
   server :workspace/executeCommand `(:command ,command :arguments ,arguments)
   :success-fn (or then #'ignore) :error-fn #'ignore :timeout-fn #'ignore))

;;; What is known of it

(defun fimble--current-state ()
  "The server's state as a plist of :kind, :message and :action."
  (let ((server (eglot-current-server)))
    (cond ((not buffer-file-name) '(:kind "off" :message "This buffer visits no file."))
          (fimble--trouble (list :kind "error" :message fimble--trouble))
          ((cl-typep server 'fimble-server) (fimble--state server))
          (server '(:kind "off" :message "Another server has this buffer."))
          (t '(:kind "error" :message "No server runs here.  M-x fimble-restart starts it.")))))

(defun fimble--state-sentence ()
  "The server's state for people, with the engine and the model that answer."
  (let* ((state (fimble--current-state))
         (said (lambda (parts) (delq nil (mapcar (lambda (part) (plist-get state part)) parts))))
         (engine (funcall said '(:engine :model)))
         (project (plist-get state :project)))
    (concat (string-join (funcall said '(:kind :message :action)) ". ")
            (and engine (format ".  Engine: %s" (string-join engine ", model: ")))
            (and project (format ".  Project: %s" project)))))

(provide 'fimble-server)
;;; fimble-server.el ends here
